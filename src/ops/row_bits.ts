// How many row blocks of a product stand side by side in a workgroup of 64 invocations (shaders/math/product_8x8.wgsl),
// as a logarithm: from the sizes, and on a device of few processors so that they are done at the same time. No bit
// depends on it (R1). Not here: rows of a block (mat_mul_strided.ts).
import type { Tiles } from '../core/tiles.ts';

const WORKGROUP = 64;
// Beyond it a workgroup has fewer neighbours of a row than the vectors of a processor, of eight.
const MOST_BITS = 3;
// Terms of invocations, on one processor, below which more workgroups cost more than they save.
const MUCH = 16384;
// Of the time before, for what more workgroups cost: they are only worth it where there are very few.
const WORTH = 0.9;

/** Invocations that the processor with most of them computes, where it takes the next workgroup when it is done. */
function longest(
  images: number,
  blocks: number,
  lanes: number,
  bits: number,
  processors: number,
): number {
  const width = WORKGROUP >> bits;
  const places = images * Math.ceil(blocks / 2 ** bits) * lanes;
  const rows = Math.min(blocks, 2 ** bits);
  const full = Math.floor(places / width);
  const rest = full % processors === 0 ? places - full * width : 0;
  return (Math.ceil(full / processors) * width + rest) * rows;
}

/** For `images` of `blocks` row blocks by `lanes` invocations each. */
export function rowBitsOf(
  images: number,
  blocks: number,
  lanes: number,
  terms: number,
  { processors }: Tiles,
): number {
  // Row blocks side by side share their columns in the first-level cache.
  let chosen = blocks % 4 === 0 || blocks > 12 ? 2 : blocks % 2 === 0 || blocks > 6 ? 1 : 0;
  if (processors === undefined) return chosen;
  // More places for row blocks than there are: the others have no work, and make more workgroups of those that have.
  let least = longest(images, blocks, lanes, chosen, processors);
  if (least * terms < MUCH) return chosen;
  for (let bits = chosen + 1; bits <= MOST_BITS; bits += 1) {
    const time = longest(images, blocks, lanes, bits, processors);
    if (time < WORTH * least) [chosen, least] = [bits, time];
  }
  return chosen;
}
