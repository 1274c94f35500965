// The total order behind ArgMax, ArgMin and Hardmax: unsigned keys whose order is that of the values.
// f32 values are read canonically (V2), so that zeros and magnitudes under 2^-120 are equal; every NaN is one
// value, above +infinity. Same keys as wasm/order.h.
// #import math/arith

fn order_key_f32(word: u32) -> u32 {
  let u = canonical(word);
  return select(u | SIGN_BIT, ~u, u >= SIGN_BIT);
}

// Codes of element types: 2 int32, 6 uint32, 8 f32.
fn order_key(word: u32, type_code: u32) -> u32 {
  if (type_code > 7u) {
    return order_key_f32(word);
  }
  return select(word ^ SIGN_BIT, word, type_code > 3u);
}

// Keys for maxima and minima of f32 words: the largest key wins, and a NaN's is the largest. Not canonical: the
// canonical store is monotone, so that once, in max_of_key and min_of_key, is enough.
const NAN_KEY: u32 = 0xffffffffu;

fn max_key(word: u32) -> u32 {
  return select(select(word | SIGN_BIT, ~word, word >= SIGN_BIT), NAN_KEY, is_nan(word));
}
fn min_key(word: u32) -> u32 {
  return select(select(word ^ MAGNITUDE_BITS, word, word >= SIGN_BIT), NAN_KEY, is_nan(word));
}
fn max_of_key(key: u32) -> u32 {
  return canonical(select(select(~key, key ^ SIGN_BIT, key >= SIGN_BIT), CANONICAL_NAN, key == NAN_KEY));
}
fn min_of_key(key: u32) -> u32 {
  return canonical(select(select(key ^ MAGNITUDE_BITS, key, key >= SIGN_BIT), CANONICAL_NAN, key == NAN_KEY));
}
