// One node, executed by the reference from given values, and who of two is right about it. Promises: what is expected is
// computed here and nowhere else; whose bits they are is decided by digests, and the element that is shown is the first
// that is not the reference's. Nodes in graphs that nodes carry are executed with the node that carries them.
import { Tensor } from '../core/tensor.ts';
import { isSequence, type Data } from '../core/data.ts';
import type { ModelNode, SettledNode, Settlement, ValueSink } from './bundle_types.ts';
import { BundleError, valueIn } from './bundle.ts';
import type { Trace, TraceDifference } from './trace_types.ts';

/** A model that can execute its nodes one by one. */
export interface Referee {
  nodes(): Promise<readonly ModelNode[]>;
  /** The trace of a run of the node alone, on the reference. */
  execute(
    path: string,
    inputs: ReadonlyMap<string, Data>,
    options: { readonly seed?: number | undefined; readonly keep?: ValueSink },
  ): Promise<Trace>;
}

/** What stands behind a path: the node of the model's own graph that it leads to, or into. */
export const outerOf = (path: string): string => path.split('/')[0] ?? path;

/**
 * What the reference gives for a node, with the values of its outputs.
 *
 * @throws RangeError for a path of no node, or of one that does not run within its node; TypeError for values that do not fit
 */
export async function settled(
  referee: Referee,
  path: string,
  inputs: ReadonlyMap<string, Data>,
  seed?: number,
): Promise<SettledNode> {
  const outer = outerOf(path);
  const held = new Map<string, Uint8Array>();
  const keep: ValueSink = (digest, bytes) => void held.set(digest, bytes);
  const trace = await referee.execute(outer, inputs, { seed, keep });
  const node = trace.nodes.find((one) => one.path === path);
  if (node === undefined) {
    throw new RangeError(
      `settle: node ${path}: expected one that runs within node ${outer}, and it does not.`,
    );
  }
  const outputs: (SettledNode['outputs'][number] | null)[] = [];
  const value = (digest: string): Uint8Array | undefined => held.get(digest);
  for (const one of node.outputs) {
    outputs.push(one === null ? null : { ...one, value: await valueIn({ value }, one.digest) });
  }
  const { operator } = node;
  return { path, operator, model: trace.model, inputs: trace.inputs, outputs };
}

/** The elements as hex, the most significant digit first; of strings their JSON. */
function bitsAt(tensor: Tensor, index: number): string {
  const { data } = tensor;
  if (Array.isArray(data)) return JSON.stringify(data[index]);
  const bytes = tensor.bytes();
  const width = bytes.length / tensor.size;
  const own = bytes.slice(index * width, (index + 1) * width).reverse();
  return `0x${Array.from(own, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

const isForm = (data: Data, like: Tensor): data is Tensor =>
  data instanceof Tensor && data.dtype === like.dtype && data.dims.join() === like.dims.join();

/** The first element at which one of two is not what is expected; undefined where there is none, or the forms are others. */
function elementOf(
  output: string,
  expected: Data,
  a: Data,
  b: Data,
): Settlement['element'] | undefined {
  if (!(expected instanceof Tensor) || isSequence(a) || isSequence(b)) return undefined;
  if (!isForm(a, expected) || !isForm(b, expected)) return undefined;
  for (let index = 0; index < expected.size; index += 1) {
    const bits = { expected: bitsAt(expected, index), a: bitsAt(a, index), b: bitsAt(b, index) };
    if (bits.a !== bits.expected || bits.b !== bits.expected) return { output, index, ...bits };
  }
  return undefined;
}

/** Gives the value with a digest. @throws BundleError where it does not */
export type ValueOf = (digest: string) => Promise<Data>;

/** Who is right about the node at which two part, and at which element the other is not. */
export async function judged(
  difference: TraceDifference,
  node: SettledNode,
  valueOf: { readonly a: ValueOf; readonly b: ValueOf },
): Promise<Settlement> {
  const expected = node.outputs.map((one) => one?.digest ?? null);
  const isRight = (side: 'a' | 'b'): boolean =>
    difference.outputs.every((one) => one[side] === (expected[one.index] ?? null));
  const right = isRight('a') ? 'a' : isRight('b') ? 'b' : 'neither';
  const found: Settlement = { difference, right, expected };
  const [first] = difference.outputs;
  const reference = node.outputs[first?.index ?? 0];
  if (first === undefined || first.a === null || first.b === null || !reference) return found;
  const shown: Record<'a' | 'b', Data> = { a: null, b: null };
  for (const side of ['a', 'b'] as const) {
    const digest = first[side];
    if (digest === null) continue;
    try {
      shown[side] = digest === reference.digest ? reference.value : await valueOf[side](digest);
    } catch (error) {
      if (!(error instanceof BundleError)) throw error;
      return { ...found, withheld: `${side}: ${error.message}` };
    }
  }
  const element = elementOf(first.name, reference.value, shown.a, shown.b);
  return element === undefined ? found : { ...found, element };
}
