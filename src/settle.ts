// For whoever doubts a run: single nodes of it, executed again by the reference. A share of them, drawn at random, from a
// bundle; or the one at which two runs part, of two bundles or between two parties. What that takes is loaded when it is
// first done.
import type {
  SettledNode,
  Settlement,
  SpotCheck,
  TraceBundle,
  ValueSink,
} from './evidence/bundle_types.ts';
import type { SpotReferee } from './evidence/spot.ts';
import type { TraceChannel } from './evidence/trace_types.ts';
import type { Data } from './core/data.ts';
import type { Feeds } from './feeds.ts';
import type { Model } from './model.ts';

type Runs = Pick<Model, 'run' | 'nodes' | 'outputs'>;

const mapOf = (feeds: Feeds): ReadonlyMap<string, Data> =>
  new Map<string, Data>(feeds instanceof Map ? feeds : Object.entries(feeds));

function refereeOf(model: Runs, feeds: Feeds = {}, signal?: AbortSignal): SpotReferee {
  const options = { backend: 'wasm', signal } as const;
  return {
    outputs: model.outputs.map(({ name }) => name),
    nodes: () => model.nodes(),
    async execute(node, inputs, { seed, keep }: { seed?: number | undefined; keep?: ValueSink }) {
      const { trace } = await model.run(inputs, {
        ...options,
        ...{ node, seed, trace: true, onValue: keep },
      });
      if (trace === undefined) throw new TypeError('settle: the model gave no trace.');
      return trace;
    },
    async constant(name) {
      if (!model.outputs.some((one) => one.name === name)) return undefined;
      return (await model.run(feeds, { ...options, outputs: [name] })).values[name];
    },
  };
}

/**
 * What the reference gives for one node from given values: the referee's part, for whoever has agreed on what a node read.
 *
 * @param path as in a trace; of a node in a graph that a node carries, that node is executed and this one looked at
 * @param inputs the values that `Model.nodes` lists for the node, or for the one that carries it
 * @throws RangeError for a path of no node; TypeError for other values than those; as `run`
 * @example
 * ```ts
 * import { load, settle, Tensor } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const { trace } = await model.run({ image }, { trace: true });
 * const { outputs } = await settle(model, '0', { image });
 * console.log(outputs[0]?.digest === trace?.nodes[0]?.outputs[0]?.digest); // true
 * model.dispose();
 * ```
 */
export async function settle(
  model: Runs,
  path: string,
  inputs: Feeds,
  options: { readonly seed?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<SettledNode> {
  const { settled } = await import('./evidence/referee.ts');
  return settled(refereeOf(model, {}, options.signal), path, mapOf(inputs), options.seed);
}

/**
 * Where two runs part first, and who is right: that node, executed by the reference from what it read in both, and the first
 * element that is not the reference's. Undefined if they are of the same bits.
 *
 * @param model that both traces are of
 * @param a a trace with its values; where some are missing, those of the other serve
 * @param b another
 * @throws TypeError for what is no trace, or is another model's; Error named BundleError where neither has a value that the
 * node reads; as `run`
 * @example
 * ```ts
 * import { load, settleTraces, Tensor } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const values = new Map<string, Uint8Array>();
 * const { trace } = await model.run({ image }, { onValue: (digest, bytes) => void values.set(digest, bytes) });
 * if (trace === undefined) throw new Error('no trace');
 * const mine = { trace, value: (digest: string) => values.get(digest) };
 * const found = await settleTraces(model, mine, mine);
 * console.log(found?.right); // undefined
 * model.dispose();
 * ```
 */
export async function settleTraces(
  model: Runs,
  a: TraceBundle,
  b: TraceBundle,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Settlement | undefined> {
  const { checkedTrace } = await import('./evidence/read_trace.ts');
  const { settledBetween } = await import('./evidence/settlement.ts');
  const checked = (bundle: TraceBundle): TraceBundle => ({
    trace: checkedTrace(bundle.trace),
    value: (digest) => bundle.value(digest),
  });
  return settledBetween(refereeOf(model, {}, options.signal), checked(a), checked(b));
}

/** Bytes of one value that are taken of another party, if nothing else is said. */
const MOST = 1 << 28;

/**
 * Settles with another party, over a channel, where its run and ours part and who is right: as `bisectWith`, and then both
 * execute the node that they found, each on its own reference, from values whose digests both traces have. Of that node
 * alone, tensors travel: those that one does not have, by digest. A party that withholds one is named in the result; the
 * verdict stands without it.
 *
 * @param role one party asks, the other answers; both are told
 * @param own our trace, and the values of it that we kept
 * @param options `most`: bytes of one value that are taken, 2^28 if not given
 * @returns undefined for runs of the same bits; our digests and bits as `a`
 * @throws as `bisectWith`; TypeError for a trace of another model; Error named BundleError where neither party has a value
 * that the node reads
 * @example
 * ```ts
 * import { load, settleWith, Tensor, type TraceChannel } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const values = new Map<string, Uint8Array>();
 * const { trace } = await model.run({ image }, { onValue: (digest, bytes) => void values.set(digest, bytes) });
 * if (trace === undefined) throw new Error('no trace');
 * const own = { trace, value: (digest: string) => values.get(digest) };
 * const { port1, port2 } = new MessageChannel();
 * const channelOf = (port: MessagePort): TraceChannel => ({
 *   send: (text) => port.postMessage(text),
 *   listen(hear) {
 *     const onMessage = ({ data }: MessageEvent): void => hear(String(data));
 *     port.addEventListener('message', onMessage);
 *     port.start();
 *     return () => port.removeEventListener('message', onMessage);
 *   },
 * });
 * const other = settleWith('answer', model, own, channelOf(port2));
 * console.log(await settleWith('ask', model, own, channelOf(port1)), await other); // undefined undefined
 * port1.close();
 * model.dispose();
 * ```
 */
export async function settleWith(
  role: 'ask' | 'answer',
  model: Runs,
  own: TraceBundle,
  channel: TraceChannel,
  options: { readonly signal?: AbortSignal | undefined; readonly most?: number | undefined } = {},
): Promise<Settlement | undefined> {
  if (role !== 'ask' && role !== 'answer') {
    throw new TypeError(`settleWith: role: expected 'ask' or 'answer', got ${String(role)}.`);
  }
  const { signal, most = MOST } = options;
  const { checkedTrace } = await import('./evidence/read_trace.ts');
  const { settledWith } = await import('./evidence/settlement.ts');
  const trace = checkedTrace(own.trace);
  const bundle: TraceBundle = { trace, value: (digest) => own.value(digest) };
  return settledWith(role, refereeOf(model, {}, signal), bundle, channel, { signal, most });
}

/**
 * Checks a receipt without running the model: of its nodes some, drawn at random, are executed again from a bundle's values, and
 * everything that holds the run together is checked by digests. That is less than `verifyReceipt` does, and `hidden` says
 * how much less. A bundle that is damaged or lies is an answer with reasons, not an error.
 *
 * @param text the receipt, as `RunResult.receipt` gave it
 * @param feeds the inputs, as for `run`
 * @param count how many nodes are drawn
 * @param options `seed`: draws from it, to repeat a check; whoever made the bundle must not have known it
 * @throws RangeError for a number that is not from 1 to the model's nodes; TypeError for a receipt that is no text; as `run`
 * @example
 * ```ts
 * import { load, spotCheck, Tensor } from 'isobit';
 *
 * const model = await load('/digits.onnx');
 * const image = new Tensor('float32', new Float32Array(784), [1, 1, 28, 28]);
 * const values = new Map<string, Uint8Array>();
 * const { trace, receipt = '' } = await model.run(
 *   { image },
 *   { receipt: true, onValue: (digest, bytes) => void values.set(digest, bytes) },
 * );
 * if (trace === undefined) throw new Error('no trace');
 * const bundle = { trace, value: (digest: string) => values.get(digest) };
 * const { valid, checked } = await spotCheck(receipt, model, { image }, bundle, 3);
 * console.log(valid, checked.length); // true 3
 * model.dispose();
 * ```
 */
export async function spotCheck(
  text: string,
  model: Runs,
  feeds: Feeds,
  bundle: TraceBundle,
  count: number,
  options: { readonly seed?: number | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<SpotCheck> {
  if (typeof text !== 'string') {
    throw new TypeError(
      `spotCheck: expected the receipt as text, got ${typeof text}. Pass it as it was made.`,
    );
  }
  const { spotChecked } = await import('./evidence/spot.ts');
  const { seed, signal } = options;
  return spotChecked(text, refereeOf(model, feeds, signal), mapOf(feeds), bundle, count, seed);
}
