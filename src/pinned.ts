// For tests of applications: that a model gives the bits that were committed, and if not, which node moved first. What that
// takes is loaded when it is first done.
import type { Trace, TraceChannel, TraceDifference } from './evidence/trace_types.ts';
import type { Feeds } from './feeds.ts';
import type { Model } from './model.ts';
import type { RunOptions } from './run_types.ts';

/**
 * Where two traces part first; undefined if they are of the same bits.
 *
 * @param a a trace
 * @param b another
 * @throws TypeError for what is no trace, or whose root is not that of what it says
 * @example
 * ```ts
 * import { compareTraces, load, Tensor } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const [one, two] = [await model.run({ image }, { trace: true }), await model.run({ image }, { trace: true })];
 * if (one.trace && two.trace) console.log(await compareTraces(one.trace, two.trace)); // undefined
 * model.dispose();
 * ```
 */
export async function compareTraces(a: Trace, b: Trace): Promise<TraceDifference | undefined> {
  const { checkedTrace } = await import('./evidence/read_trace.ts');
  const { differenceWith, sideOf } = await import('./evidence/bisect.ts');
  return differenceWith(checkedTrace(a), sideOf(checkedTrace(b)));
}

/**
 * Finds out with another party where its trace of a run and ours part, over a channel: one asks, the other answers, and both
 * are told. No tensor travels, and no more than 2 + 2 log2(nodes) digests; who of the two is right, `settleWith` finds out.
 * It does not matter who listens first.
 *
 * @param role one party asks, the other answers
 * @returns as `compareTraces`, our digests as `a`
 * @throws TypeError for what is no trace; Error named InconsistentError where what the other party says is not of a tree or
 * not of the protocol; the signal's reason
 * @example
 * ```ts
 * import { bisectWith, load, Tensor, type TraceChannel } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { trace } = await model.run({ image }, { trace: true });
 * const channelOf = (port: MessagePort): TraceChannel => ({
 *   send: (text) => port.postMessage(text),
 *   listen(hear) {
 *     port.onmessage = ({ data }) => hear(String(data));
 *     return () => port.close();
 *   },
 * });
 * const { port1, port2 } = new MessageChannel();
 * if (trace !== undefined) {
 *   const other = bisectWith('answer', trace, channelOf(port2));
 *   console.log(await bisectWith('ask', trace, channelOf(port1)), await other); // undefined undefined
 * }
 * model.dispose();
 * ```
 */
export async function bisectWith(
  role: 'ask' | 'answer',
  trace: Trace,
  channel: TraceChannel,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<TraceDifference | undefined> {
  if (role !== 'ask' && role !== 'answer') {
    throw new TypeError(`bisectWith: role: expected 'ask' or 'answer', got ${String(role)}.`);
  }
  const { checkedTrace } = await import('./evidence/read_trace.ts');
  const { answering, asking } = await import('./evidence/two_party.ts');
  return (role === 'ask' ? asking : answering)(checkedTrace(trace), channel, options.signal);
}

/**
 * Fails unless a run gives the bits that were committed: for an application's own tests, in any test runner.
 *
 * @param golden a trace of before, as `isobit trace MODEL -o FILE` writes it: then the first node that moved is named; or a
 * run's `digest`
 * @throws Error with both digests and the first node that moved; TypeError for a golden that is neither; as `run`
 * @example
 * ```ts
 * import { expectDigest, load, Tensor } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { trace } = await model.run({ image }, { trace: true }); // committed once, as JSON
 * if (trace !== undefined) await expectDigest(model, { image }, trace, { backend: 'wasm' });
 * console.log('same bits'); // same bits
 * model.dispose();
 * ```
 */
export async function expectDigest(
  model: Pick<Model, 'run'>,
  feeds: Feeds,
  golden: Trace | string,
  options: Pick<RunOptions, 'backend' | 'seed' | 'signal'> = {},
): Promise<void> {
  if (typeof golden === 'string') {
    if (!/^[0-9a-f]{64}$/.test(golden)) {
      throw new TypeError(
        `expectDigest: golden: expected 64 lower-case hex digits or a trace, got '${golden}'. Take RunResult.digest.`,
      );
    }
    const { digest } = await model.run(feeds, options);
    if (digest === golden) return;
    throw new Error(
      `expectDigest: expected digest ${golden}, got ${digest}. Pin a trace (run with trace: true) to learn which node moved.`,
    );
  }
  const { trace } = await model.run(feeds, { ...options, trace: true });
  if (trace === undefined) throw new TypeError('expectDigest: the model gave no trace.');
  const found = await compareTraces(golden, trace);
  if (found === undefined) return;
  throw new Error(
    `expectDigest: expected root ${golden.root}, got ${trace.root}: ${sentence(found)}`,
  );
}

function sentence({ what, path, operator, node, outputs }: TraceDifference): string {
  const title = `${operator} '${node === '' ? `#${path}` : node}' (node ${path})`;
  switch (what) {
    case 'node': {
      const [first] = outputs;
      return `${title} is the first that moved: output '${first?.name ?? ''}': expected ${first?.a ?? 'none'}, got ${first?.b ?? 'none'}; what it reads did not.`;
    }
    case 'order':
      return `${title} is where other nodes ran than before.`;
    case 'contract':
      return 'the contract is another: a new version of the library may move bits; pin them anew after reading its changelog.';
    case 'model':
      return 'the model is another.';
    case 'input':
      return 'the inputs are others.';
    case 'seed':
      return 'the seed is another.';
    case 'output':
    case 'run':
      return 'the outputs that were asked for are others.';
    default:
      throw new TypeError(`unknown difference ${String(what satisfies never)}`);
  }
}
