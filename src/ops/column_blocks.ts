// How a product's columns are divided into blocks, which are units of work together with the blocks of rows: large
// enough to be worth a call, and enough of them, alike in size, for threads to share. Promises: no bit depends on it (R4).

/** Columns of a block at most: its results stay in the cache. */
const MOST = 512;
/** And at least, where a product is divided for threads; a multiple of what register tiles cover, 32 and 16 columns. */
const LEAST = 96;
const STEP = 32;
/** Units that four threads share evenly. */
const UNITS = 16;
/** Multiply-adds of a unit below which handing it out costs more than it gives. */
const UNIT_COST = 1 << 15;

/**
 * @param n columns
 * @param others how many units there are for each block of columns
 * @param cost multiply-adds of a column, in all of these together
 * @returns columns of a block, a multiple of 8 where it does not cover everything
 */
export function columnsOfBlock(n: number, others: number, cost: number): number {
  const worth = Math.min(UNITS, Math.floor((n * cost) / UNIT_COST));
  const blocks = Math.max(
    Math.ceil(n / MOST),
    Math.min(Math.floor(n / LEAST), Math.ceil(worth / Math.max(1, others))),
  );
  if (blocks <= 1) return Math.ceil(n / 8) * 8;
  return Math.min(MOST, Math.ceil(n / blocks / STEP) * STEP);
}
