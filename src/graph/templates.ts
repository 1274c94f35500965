// Nodes that are like one before them, in the layers of a model or in its plan for another shape, are lowered by repeating what
// that one gave, on their own values: an operator sees nothing of its node but what stands in the key here, and what it read
// of constants. Promises: the plan is word for word what lowering every node gives; what cannot be repeated (values that are
// more than their words, contents computed on the way, random numbers, users' code) is lowered as if this were not here.
import type { Constant } from '../core/constant.ts';
import type { DType } from '../core/dtype.ts';
import { onValues, type Dispatch } from '../core/op.ts';
import type { Value } from '../core/value.ts';
import type { Attribute, Node } from './graph.ts';

/** Kept in all, those used last: shapes that do not come back must not fill the memory. */
const KEPT = 512;
/** Constants up to this size stay with a template. */
const MOST_BYTES = 1 << 16;

/** A value of the node: its inputs in order, then what it created. */
type Place = number;

/** What lowering did to the plan, in order. */
type Effect =
  | {
      readonly kind: 'constant';
      readonly to: Place;
      readonly constant: Constant;
      readonly key: string;
    }
  | { readonly kind: 'alias'; readonly to: Place; readonly from: Place }
  | {
      readonly kind: 'emit';
      readonly dispatch: Dispatch;
      readonly lazy: boolean;
      /** Whether its outputs were known to be canonical, before and after: folding looks at contents. */
      readonly before: readonly boolean[];
      after: readonly boolean[];
    };

export interface Template {
  readonly created: readonly Created[];
  /** Of the created values, at last. */
  readonly canonical: readonly boolean[];
  /** Where the values of the dispatches stand. */
  readonly places: ReadonlyMap<Value, Place>;
  readonly effects: readonly Effect[];
  /** The places of the node's outputs. */
  readonly outputs: readonly (Place | undefined)[];
  /** Constants whose contents were read, by their places. */
  readonly read: readonly (readonly [Place, number])[];
}

interface Created {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** The output that it is; -1 for none. */
  readonly output: number;
}

/** What a plan does for a template. */
export interface Repeater {
  create(dtype: DType, dims: readonly number[], name?: string): Value;
  hold(key: string, constant: Constant): Constant;
  setConstant(value: Value, constant: Constant): void;
  alias(to: Value, from: Value): void;
  emit(node: number, dispatch: Dispatch, lazy: boolean): void;
}

/** What one node does to its plan while it is lowered. */
export class Recording {
  readonly #inputs: readonly (Value | undefined)[];
  readonly #places = new Map<Value, Place>();
  readonly #created: Value[] = [];
  readonly #effects: Effect[] = [];
  readonly #read = new Map<Place, number>();
  readonly #known = new Set<Place>();
  #isRepeatable = true;

  constructor(inputs: readonly (Value | undefined)[]) {
    this.#inputs = inputs;
    inputs.forEach((value, i) => {
      if (value !== undefined && !this.#places.has(value)) this.#places.set(value, i);
    });
  }

  /** This node is lowered by itself only. */
  giveUp(): void {
    this.#isRepeatable = false;
  }

  created(value: Value): void {
    this.#places.set(value, this.#inputs.length + this.#created.length);
    this.#created.push(value);
  }

  constant(value: Value, constant: Constant, key: string): void {
    if (constant.byteLength > MOST_BYTES) this.giveUp();
    const to = this.#place(value);
    this.#known.add(to);
    this.#effects.push({ kind: 'constant', to, constant, key });
  }

  alias(value: Value, other: Value): void {
    const [to, from] = [this.#place(value), this.#place(other)];
    if (this.#known.has(from)) this.#known.add(to);
    this.#effects.push({ kind: 'alias', to, from });
  }

  /** Contents were read; of an input they are part of what the node is known by. */
  read(value: Value, id: number): void {
    const place = this.#place(value);
    if (place < this.#inputs.length) this.#read.set(place, id);
    else if (!this.#known.has(place)) this.giveUp();
  }

  /** To be called before what emitting does; gives what is to be called behind it. */
  emit(dispatch: Dispatch, lazy: boolean): () => void {
    for (const value of dispatch.inputs) this.#place(value);
    for (const { value } of dispatch.chain?.loads ?? []) this.#place(value);
    const flags = (): boolean[] => dispatch.outputs.map(({ canonical }) => canonical);
    const effect: Effect = { kind: 'emit', dispatch, lazy, before: flags(), after: [] };
    this.#effects.push(effect);
    return () => {
      effect.after = flags();
    };
  }

  /** @returns undefined where it cannot be repeated */
  template(outputs: readonly (Value | undefined)[]): Template | undefined {
    const isPlain = this.#created.every(
      ({ quantised, halves }) => quantised === undefined && halves === undefined,
    );
    const places = outputs.map((value) => (value === undefined ? undefined : this.#place(value)));
    if (!this.#isRepeatable || !isPlain) return undefined;
    return {
      created: this.#created.map(({ dtype, dims }, k) => ({
        dtype,
        dims,
        output: places.indexOf(this.#inputs.length + k),
      })),
      canonical: this.#created.map(({ canonical }) => canonical),
      places: this.#places,
      effects: this.#effects,
      outputs: places,
      read: [...this.#read],
    };
  }

  /** A value that is of another node is nothing that can be put in another's place. */
  #place(value: Value): Place {
    const place = this.#places.get(value);
    if (place === undefined) this.giveUp();
    return place ?? 0;
  }
}

/**
 * Repeats it on other inputs.
 *
 * @param names of the outputs
 * @returns the outputs; undefined where folding gave values of another kind, and what was done so far is to be undone
 */
export function repeat(
  template: Template,
  inputs: readonly (Value | undefined)[],
  names: readonly string[],
  node: number,
  on: Repeater,
): (Value | undefined)[] | undefined {
  const created = template.created.map(({ dtype, dims, output }) =>
    on.create(dtype, dims, output < 0 ? '' : names[output]),
  );
  const at = (place: Place): Value => {
    const value = place < inputs.length ? inputs[place] : created[place - inputs.length];
    if (value === undefined) throw new Error(`plan: a template has no value ${place}.`);
    return value;
  };
  const moved = (value: Value): Value => at(template.places.get(value) ?? -1);
  for (const effect of template.effects) {
    if (effect.kind === 'constant') {
      on.setConstant(at(effect.to), on.hold(effect.key, effect.constant));
    } else if (effect.kind === 'alias') on.alias(at(effect.to), at(effect.from));
    else {
      const dispatch = onValues(effect.dispatch, moved);
      dispatch.outputs.forEach((value, i) => (value.canonical = effect.before[i] ?? false));
      on.emit(node, dispatch, effect.lazy);
      if (dispatch.outputs.some((value, i) => value.canonical !== effect.after[i]))
        return undefined;
    }
  }
  created.forEach((value, i) => (value.canonical = template.canonical[i] ?? false));
  return template.outputs.map((place) => (place === undefined ? undefined : at(place)));
}

/** The templates of a model. */
export class Templates {
  readonly #kept = new Map<string, Template[]>();

  /** @param idOf the constant at a place, as `Recording.read` was told */
  find(key: string, idOf: (place: Place) => number | undefined): Template | undefined {
    const alike = this.#kept.get(key);
    const found = alike?.find(({ read }) => read.every(([place, id]) => idOf(place) === id));
    if (alike !== undefined && found !== undefined) this.#keep(key, alike);
    return found;
  }

  add(key: string, template: Template): void {
    this.#keep(key, [...(this.#kept.get(key) ?? []).slice(-KEPT_ALIKE), template]);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  #keep(key: string, alike: Template[]): void {
    this.#kept.delete(key);
    this.#kept.set(key, alike);
  }
}

/** Of one key, with other constants each. */
const KEPT_ALIKE = 7;

const attributes = new WeakMap<Node, string | undefined>();

function textOf({ type, value }: Attribute): string | undefined {
  const number = (one: number): string => (Object.is(one, -0) ? '-0' : String(one));
  switch (type) {
    case 'int':
    case 'float':
      return number(value);
    case 'ints':
    case 'floats':
      return value.map(number).join();
    case 'string':
    case 'strings':
      return JSON.stringify(value);
    default:
      return undefined;
  }
}

/** What a node is known by: `text`, which outputs are wanted, and types of its inputs; undefined where one is more than its words. */
export function templateKey(
  text: string,
  { outputs }: Node,
  inputs: readonly (Value | undefined)[],
  isKnown: (value: Value) => boolean,
): string | undefined {
  let key = text;
  for (const name of outputs) key += name === '' ? '-' : '+';
  for (let i = 0; i < inputs.length; i += 1) {
    const value = inputs[i];
    if (value === undefined) {
      key += '|';
      continue;
    }
    const { dtype, dims, canonical, halves, quantised } = value;
    // Of which what a reader sees is another node's.
    if (halves !== undefined || quantised !== undefined) return undefined;
    const kind = `${canonical ? 'c' : ''}${isKnown(value) ? 'k' : ''}`;
    const first = inputs.indexOf(value);
    key += `|${dtype}[${dims.join()}]${kind}${first === i ? '' : first}`;
  }
  return key;
}

/** The operator and its attributes as a text; undefined where these are more than numbers and strings. */
export function textOfNode(node: Node): string | undefined {
  if (attributes.has(node)) return attributes.get(node);
  let text: string | undefined = `${node.domain}:${node.opType}`;
  for (const [name, attribute] of node.attributes) {
    const own = textOf(attribute);
    text =
      own === undefined || text === undefined
        ? undefined
        : `${text} ${name}=${attribute.type} ${own}`;
  }
  attributes.set(node, text);
  return text;
}
