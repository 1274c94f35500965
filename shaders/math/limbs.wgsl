// 64-bit integers as two u32 words, and the products that the elementary functions (V6) are made of.
// Promises: every function is exact or truncates as stated, for all arguments inside the stated range, on
// every device, because u32 arithmetic wraps by specification and nothing here is a float (B4).
// This text and everything that imports only it is in the common subset of WGSL and C: `let`, `var` with a type,
// `if`, `select`, `u32()`, structs built as Name(...), no `/` or `%`, shifts below 32, zero tests as `< 1u`.
// scripts/wgsl_to_c.mjs turns it into C, so the very text that runs on the GPU is run over all inputs.

struct U64 {
  lo: u32,
  hi: u32,
}

// a + b mod 2^64.
fn u64_add(a: U64, b: U64) -> U64 {
  let lo = a.lo + b.lo;
  return U64(lo, a.hi + b.hi + select(0u, 1u, lo < a.lo));
}

// a - b mod 2^64.
fn u64_sub(a: U64, b: U64) -> U64 {
  return U64(a.lo - b.lo, a.hi - b.hi - select(0u, 1u, a.lo < b.lo));
}

// a + b mod 2^64, b one word.
fn u64_add_u32(a: U64, b: u32) -> U64 {
  let lo = a.lo + b;
  return U64(lo, a.hi + select(0u, 1u, lo < b));
}

// a < b.
fn u64_lt(a: U64, b: U64) -> bool {
  return select(a.hi < b.hi, a.lo < b.lo, a.hi == b.hi);
}

// a << s mod 2^64 for 0 <= s <= 63.
fn u64_shl(a: U64, s: u32) -> U64 {
  let t = s & 31u;
  let hi = (a.hi << t) | ((a.lo >> 1u) >> (31u - t));
  let lo = a.lo << t;
  let far = s > 31u;
  return U64(select(lo, 0u, far), select(hi, lo, far));
}

// floor(a / 2^s) for 0 <= s <= 63.
fn u64_shr(a: U64, s: u32) -> U64 {
  let t = s & 31u;
  let hi = a.hi >> t;
  let lo = (a.lo >> t) | ((a.hi << 1u) << (31u - t));
  let far = s > 31u;
  return U64(select(lo, hi, far), select(hi, 0u, far));
}

// floor(a / 2^s) for 1 <= s <= 31.
fn u64_shr_near(a: U64, s: u32) -> U64 {
  return U64((a.lo >> s) | (a.hi << (32u - s)), a.hi >> s);
}

// a * b, exact. No partial sum wraps: (2^16 - 1)^2 + 2 (2^16 - 1) = 2^32 - 1.
fn mul_wide(a: u32, b: u32) -> U64 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let low = a0 * b0;
  let mid = a1 * b0 + (low >> 16u);
  let mid2 = a0 * b1 + (mid & 0xffffu);
  return U64((mid2 << 16u) | (low & 0xffffu), a1 * b1 + (mid >> 16u) + (mid2 >> 16u));
}

// floor(a * b / 2^32), exact.
fn mul_hi(a: u32, b: u32) -> u32 {
  let a0 = a & 0xffffu;
  let a1 = a >> 16u;
  let b0 = b & 0xffffu;
  let b1 = b >> 16u;
  let mid = a1 * b0 + ((a0 * b0) >> 16u);
  let mid2 = a0 * b1 + (mid & 0xffffu);
  return a1 * b1 + (mid >> 16u) + (mid2 >> 16u);
}

// a * b / 2^32 without the product of the low halves: true value - 3 < result <= true value.
fn mul_hi_short(a: u32, b: u32) -> u32 {
  let a1 = a >> 16u;
  let b1 = b >> 16u;
  return a1 * b1 + ((a1 * (b & 0xffffu)) >> 16u) + (((a & 0xffffu) * b1) >> 16u);
}

// a * b / 2^64 without the smallest products: true value - 8 < result <= true value.
fn u64_mul_hi_short(a: U64, b: U64) -> U64 {
  let cross = mul_hi_short(a.hi, b.lo);
  return u64_add_u32(u64_add_u32(mul_wide(a.hi, b.hi), cross), mul_hi_short(a.lo, b.hi));
}

// floor(a * b / 2^64), exact.
fn u64_mul_hi(a: U64, b: U64) -> U64 {
  let first = mul_wide(a.hi, b.lo);
  let second = u64_add_u32(mul_wide(a.lo, b.hi), first.lo); // at most (2^32-1)^2 + 2^32-1: no wrap
  let third = u64_add_u32(second, mul_hi(a.lo, b.lo)); // at most 2^64 - 2^32 + 2^32 - 1: no wrap
  return u64_add_u32(u64_add_u32(mul_wide(a.hi, b.hi), first.hi), third.hi);
}

// a * b / 2^32 for a U64 and a word, low word truncated: true value - 1 < result <= true value.
fn u64_mul_u32(a: U64, b: u32) -> U64 {
  return u64_add_u32(mul_wide(a.hi, b), mul_hi(a.lo, b));
}

// a * b / 2^64 to 46 bits: true value - 2^18 < result <= true value.
fn u64_mul_hi_48(a: U64, b: U64) -> U64 {
  let cross = (a.hi >> 16u) * (b.lo >> 16u);
  return u64_add_u32(u64_add_u32(mul_wide(a.hi, b.hi), cross), (a.lo >> 16u) * (b.hi >> 16u));
}

// a * b / 2^32 for a U64 and a word, to 47 bits: true value - 2^17 < result <= true value.
fn u64_mul_u32_48(a: U64, b: u32) -> U64 {
  return u64_add_u32(mul_wide(a.hi, b), (a.lo >> 16u) * (b >> 16u));
}

// a << s mod 2^64 for 0 <= s <= 31.
fn u64_shl_near(a: U64, s: u32) -> U64 {
  return U64(a.lo << s, (a.hi << s) | ((a.lo >> 1u) >> (31u - s)));
}
