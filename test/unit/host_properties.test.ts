// Properties of the host's operators over drawn values: what moves comes back, text and number are inverse, strings move as
// numbers do, selections hold what their definitions say.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Data } from '../../src/core/data.ts';
import type { DType } from '../../src/core/dtype.ts';
import { Tensor } from '../../src/core/tensor.ts';
import { floatOfText, textOfFloat } from '../../src/host/number_text.ts';
import { fullMatch } from '../../src/host/regex.ts';
import { Session } from '../../src/session.ts';
import { graphOf, infoOf, typeOf, type HostNodeSpec } from '../harness/host_cases.ts';

async function run(
  nodes: readonly HostNodeSpec[],
  feeds: Readonly<Record<string, Data>>,
  names: readonly string[] = ['y'],
): Promise<(string | number | bigint)[][]> {
  const inputs = Object.entries(feeds).map(([name, data]) => infoOf(name, typeOf(data)));
  const session = await Session.create(graphOf('property', nodes, inputs, names));
  try {
    const { outputs } = await session.run(feeds, { backend: 'wasm' });
    return names.map((name) => {
      const list: (string | number | bigint)[] = [];
      for (const item of outputs[name]?.data ?? []) list.push(item);
      return list;
    });
  } finally {
    session.dispose();
  }
}

const texts = fc.array(fc.string({ unit: 'binary' }), { maxLength: 12 });
const small = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 20 });

test('text of a float is that float again, and no shorter one is', () => {
  const word = new DataView(new ArrayBuffer(8));
  const least = 2 ** -120;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), (bits) => {
      word.setUint32(0, bits);
      const x = word.getFloat32(0);
      const text = textOfFloat(x, 'float32');
      const expected = Math.abs(x) < least ? 0 : x;
      expect(floatOfText(text, 'float32')).toBe(Object.is(expected, -0) ? 0 : expected);
      const digits = text
        .replace(/e.*/, '')
        .replace(/\D/g, '')
        .replace(/^0+|0+$/g, '').length;
      if (digits > 1 && Number.isFinite(x)) {
        expect(Math.fround(Number(expected.toPrecision(digits - 1)))).not.toBe(expected);
      }
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (x) => {
      expect(floatOfText(textOfFloat(x, 'float64'), 'float64')).toBe(x === 0 ? 0 : x);
      expect(floatOfText(String(x), 'float64')).toBe(x === 0 ? 0 : x);
      // Close to the middle of two float32 a second rounding would show.
      const single = Math.fround(x);
      const other = floatOfText(String(x), 'float32');
      expect(other).toBe(Math.abs(single) < least ? 0 : single);
    }),
    { numRuns: 1000 },
  );
});

test('16-bit floats: every finite pattern there and back', async () => {
  for (const dtype of ['float16', 'bfloat16'] satisfies DType[]) {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((x) => {
      const magnitude = x & 0x7fff;
      // Zero has no sign; bfloat16 has none under 2^-120.
      if (dtype === 'float16') return magnitude <= 0x7c00 && x !== 0x8000;
      return x === 0 || (magnitude <= 0x7f80 && magnitude >= 0x0380);
    });
    const x = new Tensor(dtype, bits, [bits.length]);
    const nodes: HostNodeSpec[] = [
      { opType: 'Cast', inputs: ['x'], outputs: ['t'], attributes: { to: 8 } },
      { opType: 'CastLike', inputs: ['t', 'x'], outputs: ['y'] },
    ];
    const [y = []] = await run(nodes, { x });
    expect(y.findIndex((value, i) => value !== bits[i])).toBe(-1);
  }
});

test('strings move as numbers do', async () => {
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 9 }),
      async (list, places) => {
        if (list.length === 0) return; // refused: there is nothing to gather from
        const x = new Tensor('string', list, [list.length]);
        const at = new Tensor('int64', places.map(BigInt), [places.length]);
        const [y] = await run([{ opType: 'Gather', inputs: ['x', 'at'], outputs: ['y'] }], {
          x,
          at,
        });
        expect(y).toEqual(places.map((i) => list.at(i) ?? ''));
      },
    ),
    { numRuns: 30 },
  );
});

test('a sequence of pieces is the whole', async () => {
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 5 }), async (list, length) => {
      if (list.length === 0) return;
      const nodes: HostNodeSpec[] = [
        { opType: 'SplitToSequence', inputs: ['x', 'n'], outputs: ['s'] },
        { opType: 'SequenceLength', inputs: ['s'], outputs: ['count'] },
        { opType: 'ConcatFromSequence', inputs: ['s'], outputs: ['y'], attributes: { axis: 0 } },
      ];
      const feeds = {
        x: new Tensor('string', list, [list.length]),
        n: new Tensor('int64', [BigInt(length)], []),
      };
      const [y, count] = await run(nodes, feeds, ['y', 'count']);
      expect(y).toEqual(list);
      expect(count).toEqual([BigInt(Math.ceil(list.length / length))]);
    }),
    { numRuns: 30 },
  );
});

test('Unique: its values at inverse indices are the input; NonZero and Compress agree', async () => {
  await fc.assert(
    fc.asyncProperty(small, fc.constantFrom(0, 1), async (list, sorted) => {
      if (list.length === 0) return; // refused: there is nothing to gather from
      const x = new Tensor('int32', list, [list.length]);
      const nodes: HostNodeSpec[] = [
        {
          opType: 'Unique',
          inputs: ['x'],
          outputs: ['u', 'first', 'inverse', 'counts'],
          attributes: { sorted },
        },
        { opType: 'Gather', inputs: ['u', 'inverse'], outputs: ['back'] },
        { opType: 'Cast', inputs: ['x'], outputs: ['mask'], attributes: { to: 9 } },
        { opType: 'Compress', inputs: ['x', 'mask'], outputs: ['kept'] },
        { opType: 'NonZero', inputs: ['x'], outputs: ['places'] },
        { opType: 'Gather', inputs: ['x', 'places'], outputs: ['found'] },
      ];
      const names = ['u', 'back', 'kept', 'found', 'counts'];
      const [u, back, kept, found, counts = []] = await run(nodes, { x }, names);
      expect(u).toEqual(
        sorted === 1 ? [...new Set(list)].sort((a, b) => a - b) : [...new Set(list)],
      );
      expect(back).toEqual(list);
      expect(kept).toEqual(list.filter((item) => item !== 0));
      expect(found).toEqual(kept);
      expect(counts.reduce<number>((sum, item) => sum + Number(item), 0)).toBe(list.length);
    }),
    { numRuns: 30 },
  );
});

test('strings sort by code points', async () => {
  await fc.assert(
    fc.asyncProperty(texts, async (list) => {
      const x = new Tensor('string', list, [list.length]);
      const [y] = await run([{ opType: 'Unique', inputs: ['x'], outputs: ['y'] }], { x });
      const bytes = (text: string): Buffer => Buffer.from(text);
      expect(y).toEqual([...new Set(list)].sort((a, b) => Buffer.compare(bytes(a), bytes(b))));
    }),
    { numRuns: 30 },
  );
});

test('a quoted text matches itself alone', () => {
  const escaped = (text: string): string =>
    text.replace(/[\p{P}\p{S}]/gu, (char) =>
      char.length === 1 && char < '\u0080' ? `\\${char}` : char,
    );
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
      expect(fullMatch(escaped(a)).test(b)).toBe(a === b);
      expect(fullMatch(escaped(a)).test(a)).toBe(true);
      expect(fullMatch(`(?:${escaped(a)}|${escaped(b)})*`).test(a + b + a)).toBe(true);
    }),
  );
});
