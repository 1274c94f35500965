// The words of a dispatch's Params as both machines read them: its own, then its chain. The layers of a model end alike, so
// words that are there already are found by what the chain is a copy of. Not here: Params by name (op.ts).
import { CHAIN_WORDS, originalOf, packChain, type ChainProgram } from './chain.ts';
import { dtypeInfo } from './dtype.ts';
import type { Dispatch } from './op.ts';
import { roomForWords } from './room.ts';

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
  readonly inputs: number;
  readonly bytes: number;
  readonly words: Uint32Array;
}

/** By the original of the chain and the Params: copies of a dispatch have both in common. */
const alike = new WeakMap<ChainProgram | Uint32Array, WeakMap<Uint32Array, Packed[]>>();

/** The words of the dispatch's Params, its chain included: whoever compares, folds, sizes or writes it asks for them. */
export function wordsOf({ kernel, params, inputs, outputs, chain }: Dispatch): Uint32Array {
  if (kernel.chain === undefined) return params;
  const bytes = dtypeInfo(outputs[0]?.dtype ?? 'float32').bytes;
  const first = inputs.length;
  const original = chain === undefined ? params : originalOf(chain);
  let others = alike.get(original);
  if (others === undefined) alike.set(original, (others = new WeakMap()));
  let all = others.get(params);
  if (all === undefined) others.set(params, (all = []));
  for (const one of all) if (one.inputs === first && one.bytes === bytes) return one.words;
  const words = roomForWords(params.length + CHAIN_WORDS);
  words.set(params);
  packChain(words.subarray(params.length), chain, first, bytes);
  all.push({ inputs: first, bytes, words });
  return words;
}

/** The same bytes as words, where they are such: there are fewer of these to compare. */
export const wholeWords = ({
  buffer,
  byteOffset,
  byteLength,
}: Uint8Array): Uint8Array | Uint32Array =>
  byteOffset % 4 === 0 && byteLength % 4 === 0
    ? new Uint32Array(buffer, byteOffset, byteLength / 4)
    : new Uint8Array(buffer, byteOffset, byteLength);
