// log, correctly rounded (V6), in u32 arithmetic only (B4), and what every logarithm shares: the binary logarithm of a
// word, the table and the sum behind it, the last rounding.
// log_f32 is total: NaN -> NaN 0x7fc00000, a negative number -> NaN, 0 (any magnitude under 2^-120) -> -inf,
// +inf -> inf, 1 -> +0 (V2). The error bound below and a run over all 2^32 inputs (test/math) are the proof;
// scripts/math_constants.mjs makes the constants. Common subset of WGSL and C, see math/limbs.
// #import math/limbs

// |log2 x| = significand 2^(-56 - shift), the top bit of significand set; negative = 1 for x < 1.
struct Log2 {
  significand: U64,
  shift: u32,
  negative: u32,
}

// Entry i of the table, 0 <= i <= 15: r - 1 in the low byte of c2, for r / 256 near 1 / (1 + i/16); and
// -log2(r / 256) in units of 2^-88, rounded: 24 bits in the high bytes of c2, 32 bits in c1 and c0.
// A tree of selects: no table binding, no array in registers.
struct Log2Entry {
  c2: u32,
  c1: u32,
  c0: u32,
}

fn log2_entry(i: u32) -> Log2Entry {
  let even = (i & 1u) < 1u;
  let low_pair = (i & 2u) < 1u;
  let low_half = (i & 4u) < 1u;
  let low = i < 8u;
  let a0 = select(0x164ce2f0u, 0x000000ffu, even);
  let a2 = select(0x3ebfb1d7u, 0x2ac7b8e3u, even);
  let a4 = select(0x648600c2u, 0x520d97ccu, even);
  let a6 = select(0x863655b1u, 0x75f9b0b9u, even);
  let a8 = select(0xa47778a3u, 0x95079eaau, even);
  let a10 = select(0xc087d297u, 0xb23b6c9du, even);
  let a12 = select(0xdc465c8cu, 0xcf67a891u, even);
  let a14 = select(0xf4a29683u, 0xe6e75e88u, even);
  let b0 = select(0x6c067156u, 0x00000000u, even);
  let b2 = select(0x520c7c69u, 0x53ff5964u, even);
  let b4 = select(0x249374edu, 0x9a575e5au, even);
  let b6 = select(0x7862acb7u, 0x2af0d5e3u, even);
  let b8 = select(0xc98bcc86u, 0x1a0382dcu, even);
  let b10 = select(0x8dfb2febu, 0xc56cc84cu, even);
  let b12 = select(0xd155a909u, 0x5fa1f89au, even);
  let b14 = select(0x4538813cu, 0x91b9cca5u, even);
  let c0 = select(0xb43e4292u, 0x00000000u, even);
  let c2 = select(0x211fdecau, 0x190e41bdu, even);
  let c4 = select(0xfdc46af5u, 0xa8a607f7u, even);
  let c6 = select(0xceb987b4u, 0x0f52d6aeu, even);
  let c8 = select(0xa1cab7d3u, 0x796e36abu, even);
  let c10 = select(0xb8ae4ccfu, 0x99bb324eu, even);
  let c12 = select(0x42b7579fu, 0x045bb6e2u, even);
  let c14 = select(0x6764fc88u, 0x518dcdb7u, even);
  let a_0 = select(a2, a0, low_pair);
  let a_4 = select(a6, a4, low_pair);
  let a_8 = select(a10, a8, low_pair);
  let a_12 = select(a14, a12, low_pair);
  let b_0 = select(b2, b0, low_pair);
  let b_4 = select(b6, b4, low_pair);
  let b_8 = select(b10, b8, low_pair);
  let b_12 = select(b14, b12, low_pair);
  let c_0 = select(c2, c0, low_pair);
  let c_4 = select(c6, c4, low_pair);
  let c_8 = select(c10, c8, low_pair);
  let c_12 = select(c14, c12, low_pair);
  return Log2Entry(
    select(select(a_12, a_8, low_half), select(a_4, a_0, low_half), low),
    select(select(b_12, b_8, low_half), select(b_4, b_0, low_half), low),
    select(select(c_12, c_8, low_half), select(c_4, c_0, low_half), low),
  );
}

// whole 2^-24 + the entry + (or - for negative = 1) the 96 bits top, rest in units of 2^-88, off by two units at most, for
// sums from -124 to 132, not under 2^-24 in magnitude.
fn log2_sum(entry: Log2Entry, whole: u32, top: u32, rest: U64, negative: u32) -> Log2 {
  // ~ for a negative number, one unit low.
  let sign = 0u - negative;
  let q = U64(rest.lo ^ sign, rest.hi ^ sign);
  let sum = u64_add(U64(entry.c0, entry.c1), q);
  let carry = select(0u, 1u, u64_lt(sum, q));
  let total = whole + (entry.c2 >> 8u) + (top ^ sign) + carry;
  // The magnitude, one unit low where it is negative; its highest word is never 0.
  let below_one = select(0u, 1u, total >= 0x84000000u);
  let mask = 0u - below_one;
  let h2 = total ^ mask;
  let h1 = sum.hi ^ mask;
  let h0 = sum.lo ^ mask;
  let s = min(countLeadingZeros(h2), 31u);
  let hi = (h2 << s) | ((h1 >> 1u) >> (31u - s));
  let lo = (h1 << s) | ((h0 >> 1u) >> (31u - s));
  return Log2(U64(lo, hi), s, below_one);
}

// log2 x for the word of a positive normal number other than 1; relative error under 2^-61.
//   x = 2^e m, 1 <= m < 2; i is the nearest sixteenth, m = 1 + i/16 with an error of at most 1/32, 0 <= i <= 16.
//   z = m r / 256 - 1 is exact, -0.0292 < z < 1/32; i = 16 takes r = 128 and adds 1 to e, so that on both sides
//   of 1 log2 x is log2(1 + z) alone and keeps its relative error.
//   log2(1 + z) = z G(w), w = 16 z + 1/2, G(w) = g0 - w (g1 - w (g2 - ...)) of degree 9, all g positive:
//   error 2^-62.4, G > 1.42. Step k holds 16^k times its value, so that its last places weigh less and less: from
//   k = 8 on they fit a word, from k = 3 on the products truncate at 2^-47, and each truncation adds less than 2^-63.
//   The sum is taken in units of 2^-88, off by at most 3 units; |log2 x| > 2^-24 is over 2^64 units.
fn log2_core(x: u32) -> Log2 {
  let m = (x & 0x7fffffu) | 0x800000u;
  let i = ((x & 0x7fffffu) + 0x40000u) >> 19u;
  let top = i >> 4u;
  let entry = log2_entry(i & 15u);
  let r = ((entry.c2 & 255u) + 1u) >> top;
  // z in units of 2^-32, two's complement: m r is z + 1 in units of 2^-31.
  let z = (m * r) << 1u;
  let z_negative = z >> 31u;
  let z_mask = 0u - z_negative;
  let a = (z ^ z_mask) + z_negative;
  let w = (z << 4u) + 0x80000000u;

  let d8 = 0x336bcce2u - (mul_hi_short(w, 0x24a7ec55u) >> 4u);
  let d7 = u64_sub(U64(0x9af3b35fu, 0x39bbc03eu), u64_shr_near(mul_wide(w, d8), 4u));
  let d6 = u64_sub(U64(0x7fe1e53cu, 0x40141621u), u64_shr_near(u64_mul_u32_48(d7, w), 4u));
  let d5 = u64_sub(U64(0xb7f01643u, 0x48781ca6u), u64_shr_near(u64_mul_u32_48(d6, w), 4u));
  let d4 = u64_sub(U64(0x62a1597cu, 0x544f1bcfu), u64_shr_near(u64_mul_u32_48(d5, w), 4u));
  let d3 = u64_sub(U64(0x68a08f5au, 0x66335f0fu), u64_shr_near(u64_mul_u32_48(d4, w), 4u));
  let d2 = u64_sub(U64(0x643c44cbu, 0x8437f148u), u64_shr_near(u64_mul_u32(d3, w), 4u));
  let d1 = u64_sub(U64(0x0a2f7a1du, 0xc0a3a044u), u64_shr_near(u64_mul_u32(d2, w), 4u));
  // g0 and G in units of 2^-63, the others in units of 2^-64 (the two single words, of 2^-32).
  let g = u64_sub(U64(0xcac6aad1u, 0xbb9ca64eu), u64_shr_near(u64_mul_u32(d1, w), 5u));

  // |z| G in units of 2^-95, under 2^91; then >> 7 for units of 2^-88.
  let low = mul_wide(a, g.lo);
  let high = u64_add_u32(mul_wide(a, g.hi), low.hi);
  let q = U64((low.lo >> 7u) | (high.lo << 25u), (high.lo >> 7u) | (high.hi << 25u));
  return log2_sum(entry, ((x >> 23u) + top - 127u) << 24u, high.hi >> 7u, q, z_negative);
}

// The word nearest to p 2^(-56 - shift), 2^32 <= p, for a normal result that is no tie: the bit under the significand
// decides.
fn log_word(p: U64, shift: u32) -> u32 {
  let lead = countLeadingZeros(p.hi | 1u);
  let fraction = u64_shl_near(p, lead).hi;
  return ((133u - shift - lead) << 23u) + (fraction >> 8u) + ((fraction >> 7u) & 1u);
}

// What every base has in common: finite, except for 1, infinity, 0, negative numbers and NaN.
fn log_special(x: u32, finite: u32) -> u32 {
  let regular = select(finite, 0u, x == 0x3f800000u);
  let positive = select(regular, x, x >= 0x7f800000u); // +inf
  let ordered = select(positive, 0x7fc00000u, x > 0x7f800000u); // negative or NaN
  return select(ordered, 0xff800000u, (x & 0x7fffffffu) < 0x03800000u);
}

fn log_f32(x: u32) -> u32 {
  let core = log2_core(x);
  // ln x = log2 x ln 2, irrational for x != 1.
  let p = u64_mul_hi_short(core.significand, U64(0xd1cf79acu, 0xb17217f7u));
  return log_special(x, log_word(p, core.shift) | (core.negative << 31u));
}
