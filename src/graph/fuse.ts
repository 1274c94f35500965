// Joins element-wise dispatches with their producers where the intermediate has no other reader.
// R5: a joined chain is the same list of canonical steps, so no bit moves; a test compares every plan fused
// and unfused. The producer moves down to its reader's place, where all inputs of both exist.
import { originalOf, type ChainProgram } from '../core/chain.ts';
import { joinChains } from '../core/chain_join.ts';
import { dtypeInfo } from '../core/dtype.ts';
import { inputsOf, withOperands, type Dispatch } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sameShape, sizeOf, stridesOf } from '../core/shape.ts';
import type { Step } from './plan.ts';

// Storage buffers a stage: 8 by default, one of them the status buffer.
const WEBGPU_TENSORS = 7;

function bindings(dispatch: Dispatch, chain: ChainProgram, hostInputs: number): number {
  return hostInputs + chain.loads.length + dispatch.outputs.length;
}

/** The nodes of both, in order as each of them is: mostly one behind the other. */
function inOrder(head: readonly number[], tail: readonly number[]): number[] {
  const nodes = [...head, ...tail];
  return (head.at(-1) ?? 0) <= (tail[0] ?? 0) ? nodes : nodes.sort((a, b) => a - b);
}

/** Of whatever dims: it loads nothing. */
const SEED: ChainProgram = { dims: [], loads: [], steps: [{ op: 'seed', args: [] }] };

/** The chain that a head continues with: its own, or the bare seed of an epilogue kernel. */
function headChain({ chain, kernel }: Dispatch): ChainProgram | undefined {
  return chain ?? (kernel.chain === 'epilogue' ? SEED : undefined);
}

export function fuse(
  steps: readonly Step[],
  outputs: ReadonlyMap<string, Value>,
  root: (value: Value) => Value,
  target: 'wasm' | 'webgpu',
): Step[] {
  const kept = new Set([...outputs.values()].map(root));
  // By the ids of values.
  const readers: number[] = [];
  const producer: number[] = [];
  const list: (Step | undefined)[] = [...steps];
  steps.forEach(({ dispatch }, i) => {
    const operands = inputsOf(dispatch).map(root);
    operands.forEach((value, k) => {
      // Read twice by one step is read once.
      if (operands.indexOf(value) === k) readers[value.id] = (readers[value.id] ?? 0) + 1;
    });
    for (const value of dispatch.outputs) producer[root(value).id] = i;
  });

  /** The tail with the head in front of its load `k`, if that may be. */
  const joinedAt = (tail: Step, chain: ChainProgram, k: number, head: Step): Step | undefined => {
    const load = chain.loads[k];
    const host = head.dispatch.kernel.chain;
    if (load === undefined || head.dispatch.outputs.length !== 1) return undefined;
    const value = root(load.value);
    if (kept.has(value) || readers[value.id] !== 1) return undefined;
    if (chain.loads.some((other, j) => j !== k && root(other.value) === value)) return undefined;
    // A fold over one element may end in a chain that reads what is folded.
    if (tail.dispatch.inputs.some((other) => root(other) === value)) return undefined;
    const { dims, dtype } = load.value;
    if (sizeOf(dims) !== sizeOf(chain.dims)) return undefined;
    const dense = stridesOf(chain.dims);
    if (!load.strides.every((s, axis) => chain.dims[axis] === 1 || s === dense[axis]))
      return undefined;
    if (host === 'epilogue') {
      if (dtype !== 'float32' && dtype !== 'int32') return undefined;
      // Epilogue shaders store one word an element; bytes are packed by the element-wise kernel only.
      if (dtypeInfo(tail.dispatch.outputs[0]?.dtype ?? 'bool').bytes !== 4) return undefined;
    }
    const first = headChain(head.dispatch);
    const own = tail.dispatch.kernel.chain === 'epilogue' ? tail.dispatch : head.dispatch;
    // Head and tail count the same flat elements, under the tail's dims.
    const moved = first === undefined ? undefined : onDims(first, chain.dims);
    const joined = moved === undefined ? undefined : joinChains(moved, chain, k);
    if (joined === undefined) return undefined;
    if (target === 'webgpu' && bindings(own, joined, own.inputs.length) > WEBGPU_TENSORS)
      return undefined;
    for (const one of new Set(inputsOf(head.dispatch).map(root))) {
      // A value that both read is read once now.
      if (inputsOf(tail.dispatch).some((other) => root(other) === one)) {
        readers[one.id] = (readers[one.id] ?? 1) - 1;
      }
    }
    return {
      dispatch: withOperands(own, own.inputs, tail.dispatch.outputs, joined),
      nodes: inOrder(head.nodes, tail.nodes),
    };
  };

  // Asked of every step: only what may be joined is looked at.
  const tryJoin = (at: number, host: 'whole' | 'epilogue'): boolean => {
    const tail = list[at];
    const chain = tail?.dispatch.chain;
    if (tail === undefined || chain === undefined) return false;
    if (host === 'epilogue' && tail.dispatch.kernel.chain !== 'whole') return false;
    for (let k = 0; k < chain.loads.length; k += 1) {
      const value = chain.loads[k]?.value;
      const from = value === undefined ? undefined : producer[root(value).id];
      const head = from === undefined || from === at ? undefined : list[from];
      if (from === undefined || head?.dispatch.kernel.chain !== host) continue;
      const step = joinedAt(tail, chain, k, head);
      if (step === undefined) continue;
      list[at] = step;
      list[from] = undefined;
      return true;
    }
    return false;
  };

  for (let at = 0; at < list.length; at += 1) {
    while (tryJoin(at, 'whole'));
    if (tryJoin(at, 'epilogue')) while (tryJoin(at, 'whole'));
  }
  return list.filter((step) => step !== undefined);
}

// What came of it for programs on other values, by their original and dims; null where there is none.
const onOtherDims = new WeakMap<ChainProgram, Map<string, ChainProgram | null>>();

/** The same program over other dims of the same size; only dense and scalar loads can be carried over. */
function onDims(program: ChainProgram, dims: readonly number[]): ChainProgram | undefined {
  if (program.loads.length === 0 || sameShape(program.dims, dims)) return program;
  const original = originalOf(program);
  let known = onOtherDims.get(original);
  if (known === undefined) onOtherDims.set(original, (known = new Map()));
  const key = dims.join();
  let other = known.get(key);
  if (other === undefined) known.set(key, (other = carriedOver(program, dims) ?? null));
  if (other === null) return undefined;
  const loads = program.loads.map(({ value }, i) => ({
    value,
    strides: other.loads[i]?.strides ?? [],
  }));
  return { dims, loads, steps: program.steps, original: originalOf(other) };
}

function carriedOver(program: ChainProgram, dims: readonly number[]): ChainProgram | undefined {
  const before = stridesOf(program.dims);
  const after = stridesOf(dims);
  const loads = program.loads.map((load) => {
    if (load.strides.every((s, axis) => s === 0 || program.dims[axis] === 1)) {
      return { value: load.value, strides: dims.map(() => 0) };
    }
    const dense = load.strides.every((s, axis) => program.dims[axis] === 1 || s === before[axis]);
    return dense ? { value: load.value, strides: after } : undefined;
  });
  const known = loads.filter((load) => load !== undefined);
  return known.length === loads.length ? { dims, loads: known, steps: program.steps } : undefined;
}
