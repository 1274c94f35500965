// Constants that plans share: those of the model, which are initialisers, results of nodes that read only such, and packed
// weights; and those that are there while one of their plans is: what operators made themselves, and what was folded with
// it. Plans for other shapes find them here, so that planning again neither scans nor packs again.
import { canonicalWord } from '../core/bits.ts';
import { HostConstant, type Constant, type Evaluator } from '../core/constant.ts';
import { Tensor } from '../core/tensor.ts';
import type { Value } from '../core/value.ts';
import type { Basis } from './basis.ts';
import type { CheckedGraph } from './check.ts';
import type { Graph } from './graph.ts';
import { Templates } from './templates.ts';

/** What plans hold until the last of them is released. */
interface Held {
  readonly constants: readonly Constant[];
  holders: number;
}

/** What one plan holds, by what it is made of. */
export class Holdings {
  readonly #all: Map<string, Held>;
  readonly #own = new Map<string, Held>();

  constructor(all: Map<string, Held>) {
    this.#all = all;
  }

  /** @param make makes what no plan holds */
  hold(key: string, make: () => readonly Constant[]): readonly Constant[] {
    const mine = this.#own.get(key);
    if (mine !== undefined) return mine.constants;
    let held = this.#all.get(key);
    if (held === undefined) this.#all.set(key, (held = { constants: make(), holders: 0 }));
    held.holders += 1;
    this.#own.set(key, held);
    return held.constants;
  }

  /** Holds what another plan got for the key, if it is still there. */
  holdAgain(key: string, constants: readonly Constant[]): boolean {
    const mine = this.#own.get(key);
    if (mine !== undefined) return mine.constants === constants;
    const held = this.#all.get(key);
    if (held?.constants !== constants) return false;
    held.holders += 1;
    this.#own.set(key, held);
    return true;
  }

  release(): void {
    for (const [key, held] of this.#own) {
      held.holders -= 1;
      if (held.holders > 0) continue;
      this.#all.delete(key);
      for (const constant of held.constants) constant.release();
    }
    this.#own.clear();
  }
}

export class ConstantStore {
  /** Named values whose contents no feed's shape changes: initialisers, and nodes that read only such values. */
  readonly named = new Map<string, NamedConstant>();
  /** Results of folded dispatches, by kernel, Params and inputs: packed weights. */
  readonly folded = new Map<string, Constant[]>();
  readonly #held = new Map<string, Held>();
  readonly templates = new Templates();
  /** The last plan of each graph, of which the next is made. */
  readonly bases = new Map<CheckedGraph, Basis>();
  readonly #canonical = new WeakMap<Constant, boolean>();
  #count = 0;
  readonly #ids = new WeakMap<Constant, number>();

  /** For a new plan, which releases it. */
  holdings(): Holdings {
    return new Holdings(this.#held);
  }

  /** A named constant as a tensor of its own; undefined if there is none of the name. */
  tensor(name: string): Tensor | undefined {
    const known = this.named.get(name);
    if (known === undefined) return undefined;
    const { constant, dims } = known;
    return Tensor.ofBytes(constant.dtype, constant.bytes().slice(), dims);
  }

  addInitializers({ initializers }: Graph, evaluator: Evaluator): void {
    for (const [name, tensor] of initializers) {
      if (this.named.has(name) || tensor.dtype === 'string') continue;
      const constant =
        evaluator.constantOf?.(tensor) ?? new HostConstant(tensor.dtype, tensor.bytes());
      const canonical = tensor.dtype === 'float32' && this.isCanonical(constant);
      this.named.set(name, { constant, dims: tensor.dims, canonical });
    }
  }

  /** What a name of the graph stands for in all plans. @param lying the 16-bit floats that the value is, widened */
  remember({ name, dims, canonical, halves }: Value, constant: Constant, lying?: Constant): void {
    const held = lying && { halves: { constant: lying, dims: halves?.dims ?? [] } };
    this.named.set(name, { constant, dims, canonical, ...held });
  }

  idOf(constant: Constant): number {
    const known = this.#ids.get(constant);
    if (known !== undefined) return known;
    this.#count += 1;
    this.#ids.set(constant, this.#count);
    return this.#count;
  }

  /** Whether all words of an f32 constant are canonical; tested once. */
  isCanonical(constant: Constant): boolean {
    let known = this.#canonical.get(constant);
    if (known === undefined) {
      known = constant.byteLength <= SCAN_BYTES && allCanonical(constant.bytes());
      this.#canonical.set(constant, known);
    }
    return known;
  }

  release(): void {
    for (const list of this.folded.values()) for (const constant of list) constant.release();
    this.named.clear();
    this.folded.clear();
    this.bases.clear();
  }
}

/** A constant under a name of the graph. Folded ones belong to `ConstantStore.folded`, which releases them. */
interface NamedConstant {
  readonly constant: Constant;
  readonly dims: readonly number[];
  readonly canonical: boolean;
  /** The 16-bit floats that it is, widened. */
  readonly halves?: { readonly constant: Constant; readonly dims: readonly number[] };
}

// Contents up to this size are tested for canonical words; more is not worth the time, readers test instead.
const SCAN_BYTES = 1 << 16;

function allCanonical(bytes: Uint8Array): boolean {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? 0;
    const exponent = (word >>> 23) & 0xff;
    // Nearly all are normal numbers far from the threshold; the others are looked at.
    if ((exponent < 8 || exponent === 255) && canonicalWord(word) !== word) return false;
  }
  return true;
}
