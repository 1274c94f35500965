// Bundles in memory, for tests: a run of a model with its receipt, its trace and the bytes of all its values, and lies of
// which the trace agrees with itself.
import { bytesToHex } from '@noble/hashes/utils.js';
import { digestOfBytes } from '../../src/evidence/digests.ts';
import { receiptOf } from '../../src/evidence/receipt_text.ts';
import { treeOf } from '../../src/evidence/trace.ts';
import { encodedTensor } from '../../src/evidence/encoding.ts';
import {
  Tensor,
  type Feeds,
  type Model,
  type Receipt,
  type RunOptions,
  type Trace,
  type TraceBundle,
} from '../../src/index.ts';

export interface Recorded extends TraceBundle {
  readonly receipt: string;
  readonly values: Map<string, Uint8Array>;
}

const bundleOf = (trace: Trace, values: Map<string, Uint8Array>, receipt: string): Recorded => ({
  ...{ trace, values, receipt },
  value: (digest) => values.get(digest),
});

/** Runs the model once and keeps everything. */
export async function recorded(
  model: Pick<Model, 'run'>,
  feeds: Feeds,
  options: RunOptions = { backend: 'wasm' },
): Promise<Recorded> {
  const values = new Map<string, Uint8Array>();
  const { trace, receipt } = await model.run(feeds, {
    ...options,
    receipt: true,
    onValue: (digest, bytes) => void values.set(digest, bytes),
  });
  if (trace === undefined || receipt === undefined) throw new Error('there is no receipt');
  return bundleOf(trace, values, receipt);
}

/** The same with the root of what it says, and a receipt that states it. */
export function rooted(bundle: Recorded, change: Partial<Trace>): Recorded {
  const changed = { ...bundle.trace, ...change };
  const trace = { ...changed, root: bytesToHex(treeOf(changed).head()) };
  const { claims } = JSON.parse(bundle.receipt) as Receipt;
  return bundleOf(trace, new Map(bundle.values), receiptOf(trace, claims));
}

/**
 * A lie whose trace agrees with itself: the output of one node is another tensor, of the same type and shape, and what
 * follows is honestly computed from it.
 *
 * @param at the position of a node of the model's own graph
 * @param change alters the tensor's bytes
 */
export async function lied(
  model: Pick<Model, 'run' | 'nodes'>,
  bundle: Recorded,
  at: number,
  change: (bytes: Uint8Array) => void,
): Promise<Recorded> {
  const { decodedValue } = await import('../../src/evidence/encoding.ts');
  const nodes = await model.nodes();
  const values = new Map(bundle.values);
  const refuse = (): never => {
    throw new Error('a sequence');
  };
  const read = async (digest: string): Promise<Tensor> => {
    const value = await decodedValue(values.get(digest) ?? new Uint8Array(), refuse);
    if (value instanceof Tensor) return value;
    throw new Error('no tensor');
  };
  const digests = new Map(bundle.trace.inputs.map(({ name, digest }) => [name, digest]));
  const traced: Trace['nodes'][number][] = [];
  for (const [i, node] of nodes.entries()) {
    const said = bundle.trace.nodes[i];
    if (said?.path !== node.path) throw new Error('a node with a graph');
    const outputs: Record<string, Tensor> = {};
    if (i === at) {
      const [name = ''] = node.outputs;
      const right = await read(said.outputs[0]?.digest ?? '');
      const bytes = right.bytes().slice();
      change(bytes);
      outputs[name] = Tensor.ofBytes(right.dtype, bytes, right.dims);
    } else {
      const inputs: Record<string, Tensor> = {};
      for (const name of node.inputs) inputs[name] = await read(digests.get(name) ?? '');
      Object.assign(
        outputs,
        (await model.run(inputs, { backend: 'wasm', node: node.path })).outputs,
      );
    }
    const list = [];
    for (const [index, name] of node.outputs.entries()) {
      const tensor = outputs[name];
      const value = said.outputs[index];
      if (tensor === undefined || value === null || value === undefined) {
        list.push(null);
        continue;
      }
      const bytes = encodedTensor(tensor);
      const digest = await digestOfBytes(bytes);
      values.set(digest, bytes);
      digests.set(name, digest);
      list.push({ ...value, dims: [...tensor.dims], digest });
    }
    traced.push({ ...said, outputs: list });
  }
  const outputs = bundle.trace.outputs.map((one) => ({
    ...one,
    digest: digests.get(one.name) ?? one.digest,
  }));
  return rooted(
    { ...bundle, values, value: (digest) => values.get(digest) },
    { nodes: traced, outputs },
  );
}
