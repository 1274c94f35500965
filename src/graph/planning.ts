// What a plan is made of while it is being made: values by name, what is known of their contents, dispatches so far. A
// dispatch whose inputs are all known is evaluated on the spot by the reference (constant folding), so shape arithmetic and
// weight packing never reach the plan. Not here: which nodes are planned, and in which order (planner.ts).
import { HostConstant, type Constant, type Evaluator } from '../core/constant.ts';
import { dtypeInfo, typedArrayOf, type DType, type TypedArray } from '../core/dtype.ts';
import { inputsOf, type Dispatch } from '../core/op.ts';
import { textOfWords, wholeWords, wordsOf } from '../core/words.ts';
import { formatShape, sizeOf } from '../core/shape.ts';
import { Tensor } from '../core/tensor.ts';
import type { Value } from '../core/value.ts';
import type { CheckedGraph } from './check.ts';
import type { Basis, NodeRecord } from './basis.ts';
import type { ConstantStore, Holdings } from './constant_store.ts';
import type { Node } from './graph.ts';
import { Invariants } from './invariants.ts';
import { Names } from './names.ts';
import { Values } from './values.ts';
import type { FeedType, PlanOptions, Step } from './plan.ts';
import type { PlanBuilder } from './plan_context.ts';
import { repeat, templateKey, textOfNode, type Recording } from './templates.ts';

/** Constants up to this size are compared with others that operators made. */
const SMALL_BYTES = 1024;

/** How far planning has come: steps, and names given. */
type Mark = readonly [steps: number, names: number];

export class Planner implements PlanBuilder {
  values: Values;
  /** Constants that may depend on feed shapes. */
  readonly holdings: Holdings;
  readonly #names: Names;
  readonly steps: Step[] = [];
  readonly checked: CheckedGraph;
  readonly store: ConstantStore;
  readonly evaluator: Evaluator;
  readonly options: PlanOptions;
  readonly feeds: ReadonlyMap<string, FeedType>;
  /** The feeds that something reads. */
  readonly fed: Map<string, Value>;
  readonly deferred: Node[] = [];
  readonly contentsNeeded = new Map<string, TypeError>();
  /** Dispatches that are evaluated when an output of theirs is asked for. */
  readonly #waiting = new Map<Value, { dispatch: Dispatch; known: readonly Constant[] }>();
  /** The graph whose node made a dequantised value: only in it that counts (V8). */
  readonly #dequantisedIn: WeakMap<Value, CheckedGraph>;
  readonly #shared: Set<Constant>;
  readonly #invariants: Invariants;
  readonly #target: string;
  /** What the node at hand does, where it may be repeated. */
  recording: Recording | undefined;
  /** What each node took and gave, in order. */
  readonly records: NodeRecord[] = [];
  /** Whether the next plan can be made of this one (basis.ts). */
  isPlain = true;
  #isInNode = false;
  #held: [key: string, constants: readonly Constant[]][] = [];

  /** @param before the plan that this is made of, whose planner ends */
  constructor(
    checked: CheckedGraph,
    store: ConstantStore,
    evaluator: Evaluator,
    feeds: ReadonlyMap<string, FeedType>,
    options: PlanOptions,
    before?: Basis,
  ) {
    this.checked = checked;
    this.store = store;
    this.holdings = store.holdings();
    this.evaluator = evaluator;
    this.options = options;
    this.#target = `${options.target} ${JSON.stringify(options.tiles ?? '')}`;
    this.feeds = feeds;
    const from = before?.planner;
    this.values = new Values(before?.values);
    this.#names = from === undefined ? new Names() : from.#names;
    this.#names.settle();
    this.fed = new Map(from?.fed);
    this.#dequantisedIn = from === undefined ? new WeakMap() : from.#dequantisedIn;
    this.#shared = from === undefined ? new Set() : from.#shared;
    this.#invariants = new Invariants(from === undefined ? undefined : from.#invariants);
    if (from === undefined) store.addInitializers(checked.graph, evaluator);
  }

  /** The value of a graph name: made by a node that was lowered, fed, or known from the store. */
  lookup(name: string): Value | undefined {
    const value = this.named.get(name);
    if (value !== undefined) return value;
    // A node that gives a name its value on its way (the seed) creates another number of values when it is lowered again.
    this.isPlain &&= !this.#isInNode;
    const feed = this.feeds.get(name);
    if (feed !== undefined) return this.feed(name, feed);
    const known = this.store.named.get(name);
    if (known === undefined) return undefined;
    const made = this.create(known.constant.dtype, known.dims, name);
    this.#invariants.add(made);
    this.values.setConstant(made, known.constant);
    this.#shared.add(known.constant);
    made.canonical = known.canonical;
    if (known.halves !== undefined) {
      made.halves = this.create(known.halves.constant.dtype, known.halves.dims);
      this.values.setConstant(made.halves, known.halves.constant);
      this.#shared.add(known.halves.constant);
    }
    return made;
  }

  /** What a node of a graph takes for an input: a value dequantised in another graph is a float like others. */
  taken(name: string, by: CheckedGraph): Value | undefined {
    const value = this.lookup(name);
    if (value === undefined || this.isDequantised(value, by) || value.quantised === undefined) {
      return value;
    }
    const plain = this.create(value.dtype, value.dims);
    plain.canonical = value.canonical;
    this.values.setRoot(plain, value);
    return plain;
  }

  isDequantised(value: Value, by: CheckedGraph): boolean {
    return value.quantised !== undefined && this.#dequantisedIn.get(value) === by;
  }

  noteDequantised(outputs: readonly (Value | undefined)[], by: CheckedGraph): void {
    for (const value of outputs) if (value?.quantised) this.#dequantisedIn.set(value, by);
  }

  feed(name: string, { dtype, dims, contents }: FeedType): Value {
    const value = this.create(dtype, dims, name);
    if (contents === undefined) this.fed.set(name, value);
    else this.setConstant(value, new HostConstant(dtype, contents));
    return value;
  }

  nameOf(value: Value): string {
    return value.name === '' ? this.root(value).name : value.name;
  }

  /** Remembers the outputs of the node at hand, if they are the same for all feeds. */
  remember(outputs: readonly (Value | undefined)[]): void {
    if (!this.#invariants.isOfNode) return;
    for (const value of outputs) {
      if (value === undefined) continue;
      this.#invariants.add(value);
      // What it was made of would be forgotten: its node is lowered again, and folded from the store.
      if (value.quantised !== undefined) continue;
      const constant = this.constant(value);
      if (constant === undefined || !this.#shared.has(constant)) continue;
      this.store.remember(value, constant, value.halves && this.constant(value.halves));
    }
  }

  /** @throws RangeError for a value that no machine has room for, before anything of its size is made */
  create(dtype: DType, dims: readonly number[], name = ''): Value {
    const bytes = sizeOf(dims) * dtypeInfo(dtype).bytes;
    const limit = this.evaluator.memoryLimit ?? Infinity;
    if (bytes > limit) {
      throw new RangeError(
        `memory: value too large: expected at most ${limit} bytes, got ${bytes} for ${dtype} ${formatShape(dims)}. Use smaller sizes.`,
      );
    }
    const value = this.values.create(dtype, dims, name);
    this.recording?.created(value);
    if (name !== '') this.#names.give(name, value);
    return value;
  }

  get named(): ReadonlyMap<string, Value> {
    return this.#names.all;
  }

  name(name: string, value: Value): void {
    this.#names.give(name, value);
  }

  root(value: Value): Value {
    return this.values.root(value);
  }

  constant(value: Value): Constant | undefined {
    const root = this.values.root(value);
    const waiting = this.#waiting.size === 0 ? undefined : this.#waiting.get(root);
    if (waiting !== undefined) {
      for (const output of waiting.dispatch.outputs) this.#waiting.delete(output);
      this.fold(waiting.dispatch, waiting.known);
    }
    return this.values.constant(root);
  }

  setConstant(value: Value, constant: Constant): void {
    this.values.setConstant(value, constant);
    if (value.dtype === 'float32') value.canonical = this.store.isCanonical(constant);
  }

  makeConstant(value: Value, bytes: Uint8Array): void {
    const { dtype } = value;
    const isSmall = bytes.byteLength <= SMALL_BYTES;
    const key = isSmall ? `= ${dtype} ${bytes.byteLength} ${wholeWords(bytes).join()}` : '';
    const constant = this.hold(key, new HostConstant(dtype, bytes));
    this.setConstant(value, constant);
    this.recording?.constant(value, constant, key);
  }

  hold(key: string, constant: Constant): Constant {
    // Large contents are not compared: they are of each node that made them.
    if (key === '') return new HostConstant(constant.dtype, constant.bytes());
    const [held = constant] = this.#hold(key, () => [constant]);
    return held;
  }

  #hold(key: string, make: () => readonly Constant[]): readonly Constant[] {
    const constants = this.holdings.hold(key, make);
    this.#held.push([key, constants]);
    return constants;
  }

  /** From here on a node takes these and gives what comes; the function called ends it. */
  begin(inputs: readonly (Value | undefined)[]): () => void {
    this.#invariants.begin(inputs);
    this.#isInNode = true;
    const { next: firstId } = this.values;
    const firstStep = this.steps.length;
    const held = (this.#held = []);
    return () => {
      this.#isInNode = false;
      const [endId, endStep] = [this.values.next, this.steps.length];
      this.records.push({ inputs, firstId, endId, firstStep, endStep, held });
    };
  }

  alias(to: Value, from: Value): void {
    to.canonical = from.canonical;
    if (from.halves !== undefined && to.dtype === from.dtype) to.halves = from.halves;
    this.values.setRoot(to, from);
    this.recording?.alias(to, from);
  }

  /** What a node's template is found by; undefined where it is lowered by itself. */
  keyOf(node: Node, inputs: readonly (Value | undefined)[], opset: number): string | undefined {
    const text = textOfNode(node);
    const isKnown = (value: Value): boolean => this.constant(value) !== undefined;
    return text && templateKey(`${this.#target} ${text} ${opset}`, node, inputs, isKnown);
  }

  /** Lowers a node as one like it was lowered, if there was one. */
  repeat(key: string, node: Node, inputs: readonly (Value | undefined)[], origin: number): boolean {
    const template = this.store.templates.find(key, (place) => {
      const value = inputs[place];
      const constant = value === undefined ? undefined : this.constant(value);
      if (value === undefined || constant === undefined) return undefined;
      this.#invariants.look(value, this.values);
      return this.store.idOf(constant);
    });
    if (template === undefined) return false;
    const mark = this.mark();
    const outputs = repeat(template, inputs, node.outputs, origin, this);
    if (outputs === undefined) {
      this.rewind(mark);
      return false;
    }
    this.remember(outputs);
    return true;
  }

  contents(value: Value): TypedArray | undefined {
    const constant = this.constant(value);
    if (constant === undefined) return undefined;
    this.#invariants.look(value, this.values);
    this.recording?.read(value, this.store.idOf(constant));
    const bytes = constant.bytes().slice();
    return typedArrayOf(value.dtype, bytes.buffer, 0, sizeOf(value.dims));
  }

  /** The contents of a graph value that are known while planning, as a tensor. */
  known(name: string): Tensor | undefined {
    const isOpen = !this.named.has(name) && this.feeds.get(name)?.contents === undefined;
    const value = isOpen && !this.store.named.has(name) ? undefined : this.lookup(name);
    const contents = value === undefined ? undefined : this.contents(value);
    return value === undefined || contents === undefined
      ? undefined
      : new Tensor(value.dtype, contents, value.dims);
  }

  /** How far planning has come, to go back to. */
  mark(): Mark {
    return [this.steps.length, this.#names.given];
  }

  rewind([steps, names]: Mark): void {
    this.steps.length = steps;
    this.#names.rewind(names);
  }

  emit(node: number, dispatch: Dispatch, lazy: boolean): void {
    const effect = this.recording?.emit(dispatch, lazy);
    this.#emit(node, dispatch, lazy);
    effect?.();
  }

  #emit(node: number, dispatch: Dispatch, lazy: boolean): void {
    const inputs = inputsOf(dispatch);
    const known: Constant[] = [];
    for (const value of inputs) {
      const constant = this.constant(value);
      if (constant !== undefined) known.push(constant);
    }
    if (known.length === inputs.length) {
      // A dequantised weight that only exact products read would be four times its size for nothing.
      if (lazy) {
        this.isPlain = false;
        for (const value of dispatch.outputs) this.#waiting.set(value, { dispatch, known });
      } else this.fold(dispatch, known);
    } else {
      this.steps.push({ dispatch, nodes: [node] });
    }
  }

  fold(dispatch: Dispatch, inputs: readonly Constant[]): void {
    // Nothing with zero elements is computed; kernels never see an empty output.
    // Weights that are packed are packed for all plans, however a node came to what it reads of them.
    const isOwn = this.#invariants.hasLooked && dispatch.kernel.unpack === undefined;
    const shared = !isOwn && inputs.length > 0 && inputs.every((one) => this.#shared.has(one));
    const words = textOfWords(dispatch.chain === undefined ? dispatch.params : wordsOf(dispatch));
    const types = dispatch.outputs.map(({ dtype }) => dtype);
    const ids = inputs.map((one) => this.store.idOf(one));
    const key = `${dispatch.kernel.name} ${words} ${dispatch.units} ${types.join()} ${ids.join()}`;
    const evaluate = (): Constant[] => this.evaluator.evaluate(dispatch, inputs);
    let results: readonly Constant[] | undefined;
    if (!shared) results = this.#hold(key, evaluate);
    else {
      results = this.store.folded.get(key);
      if (results === undefined) {
        const made = evaluate();
        this.store.folded.set(key, made);
        this.evaluator.keepsFolded?.(dispatch, inputs, made);
        results = made;
      }
    }
    dispatch.outputs.forEach((value, i) => {
      const constant = results[i];
      if (constant === undefined)
        throw new Error(`${dispatch.kernel.name}: folding gave no output ${i}`);
      if (shared) this.#shared.add(constant);
      const canonical = value.canonical;
      this.setConstant(value, constant);
      value.canonical ||= canonical;
    });
  }
}
