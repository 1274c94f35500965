// Bisection between two parties: what travels, that both learn the same, and that one who lies about its tree is found out.
import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { treeOf } from '../../src/evidence/trace.ts';
import { bisectWith, compareTraces, type Trace } from '../../src/index.ts';
import { channels } from '../harness/channels.ts';

const digestOf = (n: number): string => n.toString(16).padStart(64, '0');

/** A trace of `n` nodes, whose digests from node `from` on are others. */
function traceOf(n: number, from = n): Trace {
  const value = (name: string, digest: string) => ({ name, type: 'float32', dims: [2], digest });
  const trace = {
    format: 'isobit-trace/1',
    contract: { id: 'isobit', version: 1 },
    model: digestOf(7),
    inputs: [value('x', digestOf(8))],
    nodes: Array.from({ length: n }, (_, i) => ({
      ...{ path: `${i}`, name: `n${i}`, operator: 'Neg' },
      outputs: [value(`v${i}`, digestOf(i + (i < from ? 1000 : 5000)))],
    })),
    outputs: [value('y', digestOf(from < n ? 2 : 1))],
  } as const;
  return { ...trace, root: bytesToHex(treeOf(trace).head()) };
}

describe('two parties', () => {
  test.each([
    [1, 0],
    [5, 3],
    [64, 0],
    [64, 63],
    [1000, 421],
  ])('of %i nodes learn that node %i is the first', async (n, from) => {
    const { one, two, said, open } = channels();
    const [mine, theirs] = [traceOf(n), traceOf(n, from)];
    const other = bisectWith('answer', theirs, two);
    const found = await bisectWith('ask', mine, one);
    expect(found).toEqual(await compareTraces(mine, theirs));
    expect(found).toMatchObject({ what: 'node', path: `${from}` });
    expect(await other).toEqual(await compareTraces(theirs, mine));
    const leaves = n + 4;
    const heads = said.filter((text) => text.includes('"begin"')).length;
    expect(heads).toBeLessThanOrEqual(2 + 2 * Math.ceil(Math.log2(leaves)));
    expect(open()).toBe(0);
  });

  test.each([0, 40])('learn it whoever comes first, the other %i ms later', async (pause) => {
    const later = () => new Promise((resolve) => setTimeout(resolve, pause));
    for (const isAskerFirst of [true, false]) {
      const { one, two } = channels();
      const ask = () => bisectWith('ask', traceOf(9), one);
      const answer = () => bisectWith('answer', traceOf(9, 4), two);
      const first = isAskerFirst ? ask() : answer();
      await later();
      const found = await Promise.all([first, isAskerFirst ? answer() : ask()]);
      expect(found.map((difference) => difference?.path)).toEqual(['4', '4']);
    }
  });

  test('of equal traces learn that, from one head', async () => {
    const { one, two, said } = channels();
    const other = bisectWith('answer', traceOf(9), two);
    expect(await bisectWith('ask', traceOf(9), one)).toBeUndefined();
    expect(await other).toBeUndefined();
    expect(said.filter((text) => text.includes('"begin"'))).toHaveLength(1);
  });

  test.each<[string, (text: string) => string, RegExp]>([
    [
      'heads of no tree',
      (text) => text.replace(/"value":"(.)/, (_, x) => `"value":"${x === '0' ? 1 : 0}`),
      /heads of/,
    ],
    [
      'heads that are none',
      (text) => text.replace(/"value":"[^"]*"/, '"value":"x"'),
      /64 hex digits/,
    ],
    [
      'a leaf that is not its head’s',
      (text) => text.replace('"operator":"Neg"', '"operator":"Abs"'),
      /leaf \d+ is not/,
    ],
    [
      'a length that is none',
      (text) => text.replace(/"value":\d+/, '"value":-1'),
      /no number of leaves/,
    ],
    [
      'a refusal',
      (text) => text.replace(/"kind":"answer"(.*"value":")/, '"kind":"refused","why":"no"$1'),
      /refused: no/,
    ],
  ])('of which one gives %s: it is found out', async (_, change, why) => {
    const { one, two, open } = channels(change);
    const stop = new AbortController();
    const other = bisectWith('answer', traceOf(20, 11), two, { signal: stop.signal });
    await expect(bisectWith('ask', traceOf(20), one)).rejects.toThrow(why);
    stop.abort(new Error('enough'));
    await expect(other).rejects.toThrow('enough');
    expect(open()).toBe(0);
  });

  test('of which one is silent: a signal ends it', async () => {
    const { one, open } = channels();
    const signal = AbortSignal.timeout(20);
    await expect(bisectWith('ask', traceOf(3), one, { signal })).rejects.toThrow(/timeout/i);
    expect(open()).toBe(0);
  });

  test('ignore what is not of the protocol, and refuse ranges that there are not', async () => {
    const { one, two, said } = channels();
    const other = bisectWith('answer', traceOf(6, 2), two);
    await new Promise((resolve) => setTimeout(resolve, 0));
    const ask = (message: object): void =>
      one.send(JSON.stringify({ protocol: 'isobit-bisect/1', number: 99, ...message }));
    one.send('hello');
    one.send('{"kind":"head"}');
    ask({ kind: 'head', begin: 3, end: 2 });
    ask({ kind: 'head', begin: 0, end: 1e9 });
    ask({ kind: 'leaf', index: -1 });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(said.filter((text) => text.includes('"refused"'))).toHaveLength(3);
    await bisectWith('ask', traceOf(6), one);
    expect((await other)?.path).toBe('2');
  });

  test('have a role each, and a trace', async () => {
    const { one } = channels();
    await expect(bisectWith('judge' as 'ask', traceOf(2), one)).rejects.toThrow(TypeError);
    await expect(bisectWith('ask', { ...traceOf(2), root: digestOf(1) }, one)).rejects.toThrow(
      /root/,
    );
  });
});
