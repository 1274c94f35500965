// The words of a dispatch's Params as both machines read them: its own, then its chain. The layers of a model end alike, so
// words that are there already are found by what the chain is a copy of. Not here: Params by name (op.ts).
import { CHAIN_WORDS, originalOf, packChain, type ChainProgram } from './chain.ts';
import { dtypeInfo } from './dtype.ts';
import type { Dispatch } from './op.ts';
import { roomForWords } from './room.ts';
import { sameNumbers } from './shape.ts';

// Layers have their words in common, which are a hundred and more where a chain is at their end.
const texts = new WeakMap<Uint32Array, string>();

/** The words as a text, to be found by. */
export function textOfWords(words: Uint32Array): string {
  let text = texts.get(words);
  if (text === undefined) texts.set(words, (text = words.join()));
  return text;
}

/** Words that a chain is the end of. */
interface Packed {
  readonly params: Uint32Array;
  readonly inputs: number;
  readonly bytes: number;
  readonly words: Uint32Array;
}

/** By the original of the chain or, without one, by the Params; those used last. */
const alike = new WeakMap<ChainProgram | Uint32Array, Packed[]>();
const KEPT_ALIKE = 4;

/** The words of the dispatch's Params, its chain included: whoever compares, folds, sizes or writes it asks for them. */
export function wordsOf({ kernel, params, inputs, outputs, chain }: Dispatch): Uint32Array {
  if (kernel.chain === undefined) return params;
  const bytes = dtypeInfo(outputs[0]?.dtype ?? 'float32').bytes;
  const first = inputs.length;
  const original = chain === undefined ? params : originalOf(chain);
  const others = alike.get(original) ?? [];
  for (const one of others) {
    const isSame = one.inputs === first && one.bytes === bytes;
    if (isSame && sameNumbers(one.params, params)) return one.words;
  }
  const words = roomForWords(params.length + CHAIN_WORDS);
  words.set(params);
  packChain(words.subarray(params.length), chain, first, bytes);
  alike.set(original, [...others.slice(1 - KEPT_ALIKE), { params, inputs: first, bytes, words }]);
  return words;
}
