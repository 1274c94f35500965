// Joins element-wise dispatches with their producers where the intermediate has no other reader.
// R5: a joined chain is the same list of canonical steps, so no bit moves; a test compares every plan fused
// and unfused. The producer moves down to its reader's place, where all inputs of both exist.
import { originalOf, type ChainProgram } from '../core/chain.ts';
import { joinChains } from '../core/chain_join.ts';
import { dtypeInfo } from '../core/dtype.ts';
import { inputsOf, withOperands, type Dispatch } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import { sameNumbers, sameShape, sizeOf, stridesOf } from '../core/shape.ts';
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

/** What was joined at one step. */
interface Visit {
  /** Places of the steps that were looked at. */
  readonly looked: readonly number[];
  /** In order: the place of the head, and the load of the tail that it went to. */
  readonly joins: readonly number[];
  /** Ids of values that are read once less. */
  readonly fewer: readonly number[];
  /** What stands there then. */
  readonly step: Step;
}

/** What came of fusing, for the next plan. */
export interface Fusion {
  readonly steps: readonly Step[];
  /** Of each step given that a chain ends. */
  readonly visits: readonly (Visit | undefined)[];
  readonly reading: Reading;
}

/** Who reads and makes values, by the ids of their roots. */
interface Reading {
  readonly isKept: Uint8Array;
  readonly readers: Int32Array;
  readonly producer: Int32Array;
}

function readingOf(
  steps: readonly Step[],
  outputs: ReadonlyMap<string, Value>,
  root: (value: Value) => Value,
  count: number,
): Reading {
  const isKept = new Uint8Array(count);
  const readers = new Int32Array(count);
  const producer = new Int32Array(count).fill(-1);
  for (const value of outputs.values()) isKept[root(value).id] = 1;
  steps.forEach(({ dispatch }, i) => {
    const operands = inputsOf(dispatch).map((value) => root(value).id);
    operands.forEach((id, k) => {
      // Read twice by one step is read once.
      if (operands.indexOf(id) === k) readers[id] = (readers[id] ?? 0) + 1;
    });
    for (const value of dispatch.outputs) producer[root(value).id] = i;
  });
  return { isKept, readers, producer };
}

class Fuser {
  readonly list: (Step | undefined)[];
  readonly #root: (value: Value) => Value;
  readonly #target: 'wasm' | 'webgpu';
  readonly #reading: Reading;
  readonly #readers: Int32Array;
  #looked: number[] = [];
  #joins: number[] = [];
  #fewer: number[] = [];

  constructor(
    steps: readonly Step[],
    reading: Reading,
    root: (value: Value) => Value,
    target: 'wasm' | 'webgpu',
  ) {
    this.list = [...steps];
    this.#root = root;
    this.#target = target;
    this.#reading = reading;
    this.#readers = reading.readers.slice();
  }

  /** Joins what can be joined with the chain of one step; undefined where it has none. */
  visit(at: number): Visit | undefined {
    if (this.list[at]?.dispatch.chain === undefined) return undefined;
    this.#looked = [];
    this.#joins = [];
    this.#fewer = [];
    while (this.#tryJoin(at, 'whole'));
    if (this.#tryJoin(at, 'epilogue')) while (this.#tryJoin(at, 'whole'));
    const [looked, joins, fewer] = [this.#looked, this.#joins, this.#fewer];
    return { looked, joins, fewer, step: this.list[at] as Step };
  }

  /** Does what a visit did. */
  repeat(at: number, { joins, fewer, step }: Visit): void {
    for (let i = 0; i < joins.length; i += 2) this.list[joins[i] ?? 0] = undefined;
    for (const id of fewer) this.#readOnceLess(id);
    this.list[at] = step;
  }

  #readOnceLess(id: number): void {
    this.#readers[id] = (this.#readers[id] ?? 1) - 1;
  }

  /** The tail with the head in front of its load `k`, if that may be. */
  #joinedAt(tail: Step, chain: ChainProgram, k: number, head: Step): Step | undefined {
    const load = chain.loads[k];
    const host = head.dispatch.kernel.chain;
    if (load === undefined || head.dispatch.outputs.length !== 1) return undefined;
    const root = this.#root;
    const value = root(load.value);
    if (this.#reading.isKept[value.id] === 1 || this.#readers[value.id] !== 1) return undefined;
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
    if (this.#target === 'webgpu' && bindings(own, joined, own.inputs.length) > WEBGPU_TENSORS)
      return undefined;
    for (const one of new Set(inputsOf(head.dispatch).map(root))) {
      // A value that both read is read once now.
      if (inputsOf(tail.dispatch).some((other) => root(other) === one)) {
        this.#readOnceLess(one.id);
        this.#fewer.push(one.id);
      }
    }
    return {
      dispatch: withOperands(own, own.inputs, tail.dispatch.outputs, joined),
      nodes: inOrder(head.nodes, tail.nodes),
    };
  }

  // Asked of every step: only what may be joined is looked at.
  #tryJoin(at: number, host: 'whole' | 'epilogue'): boolean {
    const { list } = this;
    const tail = list[at];
    const chain = tail?.dispatch.chain;
    if (tail === undefined || chain === undefined) return false;
    if (host === 'epilogue' && tail.dispatch.kernel.chain !== 'whole') return false;
    for (let k = 0; k < chain.loads.length; k += 1) {
      const value = chain.loads[k]?.value;
      const from = value === undefined ? -1 : (this.#reading.producer[this.#root(value).id] ?? -1);
      const head = from < 0 || from === at ? undefined : list[from];
      if (head === undefined) continue;
      this.#looked.push(from);
      if (head.dispatch.kernel.chain !== host) continue;
      const step = this.#joinedAt(tail, chain, k, head);
      if (step === undefined) continue;
      list[at] = step;
      list[from] = undefined;
      this.#joins.push(from, k);
      return true;
    }
    return false;
  }
}

const present = (list: readonly (Step | undefined)[]): Step[] =>
  list.filter((step) => step !== undefined);

/** @param count above all ids of values */
export function fuse(
  steps: readonly Step[],
  outputs: ReadonlyMap<string, Value>,
  root: (value: Value) => Value,
  target: 'wasm' | 'webgpu',
  count: number,
): Fusion {
  const reading = readingOf(steps, outputs, root, count);
  const fuser = new Fuser(steps, reading, root, target);
  const visits = steps.map((_, at) => fuser.visit(at));
  return { steps: present(fuser.list), visits, reading };
}

/**
 * The same for steps that are those of `before` but for some that changed, whose operands and outputs are values of the same
 * ids: only these, and what was joined with them or might have been, are looked at.
 *
 * @returns undefined where others are joined now
 */
export function fuseAgain(
  before: Fusion,
  steps: readonly Step[],
  isChanged: Uint8Array,
  root: (value: Value) => Value,
  target: 'wasm' | 'webgpu',
): Fusion | undefined {
  const { reading } = before;
  const fuser = new Fuser(steps, reading, root, target);
  const isOther = isChanged.slice();
  const visits = before.visits.slice();
  for (let at = 0; at < visits.length; at += 1) {
    const known = visits[at];
    if (known === undefined) continue;
    if (isOther[at] !== 1 && !known.looked.some((from) => isOther[from] === 1)) {
      fuser.repeat(at, known);
      continue;
    }
    const visit = fuser.visit(at);
    if (visit === undefined || !sameNumbers(visit.joins, known.joins)) return undefined;
    visits[at] = visit;
    isOther[at] = 1;
  }
  return { steps: present(fuser.list), visits, reading };
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
