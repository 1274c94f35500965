// exp, correctly rounded (V6), in u32 arithmetic only (B4), and the core that sigmoid and tanh share.
// exp_f32 is total: NaN -> NaN 0x7fc00000, overflow and +inf -> inf, results under 2^-120 and -inf -> +0 (V2).
// The bounds below are the argument, npm run test:math -- exp --all is the proof; scripts/math_constants.mjs
// makes the constants. Common subset of WGSL and C, see math/limbs.
// #import math/limbs

// e^x = fraction 2^-62 2^n, n = exponent for x >= 0 and -exponent for x < 0; 1 <= fraction 2^-62 < 2.02.
struct ScaledExp {
  fraction: U64,
  exponent: u32,
}

// e^(i/16) 2^62 for 0 <= i <= 11, rounded. A tree of selects: no table binding, no array in registers.
fn exp_sixteenth(i: u32) -> U64 {
  let even = (i & 1u) < 1u;
  let hi0 = select(0x4420ad5du, 0x40000000u, even);
  let lo0 = select(0xf4d3b5f5u, 0x00000000u, even);
  let hi2 = select(0x4d32e05cu, 0x48858116u, even);
  let lo2 = select(0x2d60d4b5u, 0xdbd733e7u, even);
  let hi4 = select(0x577a45d8u, 0x522d78f0u, even);
  let lo4 = select(0x117fd4edu, 0xfa06199eu, even);
  let hi6 = select(0x6320091du, 0x5d1e944fu, even);
  let lo6 = select(0xec003f71u, 0x6fbda989u, even);
  let hi8 = select(0x7052d0c4u, 0x6984a638u, even);
  let lo8 = select(0x95911911u, 0x781a6f26u, even);
  let hi10 = select(0x7f477986u, 0x7791577eu, even);
  let lo10 = select(0x0be32275u, 0x038f0173u, even);
  let low_pair = (i & 2u) < 1u;
  let hi_0 = select(hi2, hi0, low_pair);
  let lo_0 = select(lo2, lo0, low_pair);
  let hi_4 = select(hi6, hi4, low_pair);
  let lo_4 = select(lo6, lo4, low_pair);
  let hi_8 = select(hi10, hi8, low_pair);
  let lo_8 = select(lo10, lo8, low_pair);
  let below4 = i < 4u;
  let below8 = i < 8u;
  return U64(
    select(lo_8, select(lo_4, lo_0, below4), below8),
    select(hi_8, select(hi_4, hi_0, below4), below8),
  );
}

// (e^(j/256) - 1) 2^64 for 0 <= j <= 15, rounded.
fn exp_256th(j: u32) -> U64 {
  let even = (j & 1u) < 1u;
  let hi0 = select(0x0100802au, 0x00000000u, even);
  let lo0 = select(0xb55777d3u, 0x00000000u, even);
  let hi2 = select(0x03048483u, 0x02020156u, even);
  let lo2 = select(0x62076a09u, 0x00445b0cu, even);
  let hi4 = select(0x050c94efu, 0x04080ab5u, even);
  let lo4 = select(0x7a206dc3u, 0x5de3917bu, even);
  let hi6 = select(0x0718b98fu, 0x06122436u, even);
  let lo6 = select(0x42084efcu, 0x410dd14eu, even);
  let hi8 = select(0x0928fa93u, 0x08205601u, even);
  let lo8 = select(0x4ef90930u, 0x127ec98eu, even);
  let hi10 = select(0x0b3d603cu, 0x0a32a84eu, even);
  let lo10 = select(0xa7c32731u, 0x9c1f5814u, even);
  let hi12 = select(0x0d55f2dcu, 0x0c492368u, even);
  let lo12 = select(0xe5d1e967u, 0x29e8bc29u, even);
  let hi14 = select(0x0f72bad6u, 0x0e63cfa7u, even);
  let lo14 = select(0x5671b697u, 0xab09d173u, even);
  let low_pair = (j & 2u) < 1u;
  let hi_0 = select(hi2, hi0, low_pair);
  let lo_0 = select(lo2, lo0, low_pair);
  let hi_4 = select(hi6, hi4, low_pair);
  let lo_4 = select(lo6, lo4, low_pair);
  let hi_8 = select(hi10, hi8, low_pair);
  let lo_8 = select(lo10, lo8, low_pair);
  let hi_12 = select(hi14, hi12, low_pair);
  let lo_12 = select(lo14, lo12, low_pair);
  let low_four = (j & 4u) < 1u;
  let below8 = j < 8u;
  return U64(
    select(select(lo_12, lo_8, low_four), select(lo_4, lo_0, low_four), below8),
    select(select(hi_12, hi_8, low_four), select(hi_4, hi_0, low_four), below8),
  );
}

// e^r 2^62 for r in units of 2^-64, 0 <= r < 0.699. Relative error under 2^-56.4:
//   r = i/16 + j/256 + q, 0 <= q < 2^-8, e^q = 1 + q + q^2 / 2 + q^3 W(q), W of degree 2 through the Chebyshev nodes
//   of [0, 2^-8]: error under 2^-62.
//   w, v and cube lose a unit of their last place each, the parts of q and q^2 left out of v and cube 0.7 each, the
//   products with the tables and with p 8 units of 2^-62 each: in units of 2^-58, 5.4 in all and downward, of
//   which 2.7 are added back. k adds 2^-61.
fn exp_reduced(r: U64) -> U64 {
  let g = (r.hi << 8u) | (r.lo >> 24u); // q in units of 2^-40
  let k = 0x0aaaaa77u + (((g >> 16u) * 34987u) >> 14u); // (W - w0) / q: 2^-32
  let w = 0xaaaaaaabu + (mul_hi_short(g, k) >> 6u); // W: 2^-34
  let v = mul_hi(g, w); // q W: 2^-42
  let square = mul_wide(g, g); // q^2: 2^-80, without the 24 bits of q that are not in g
  // Their share of q^2 / 2, and half of what the truncations lose at most: 2^-64.
  let cross = (((g >> 16u) * ((r.lo >> 8u) & 0xffffu)) >> 16u) + 173u;
  let cube = mul_hi(square.hi, v); // q^3 W: 2^-58
  let tail = u64_add(u64_shr_near(square, 17u), U64(cube << 6u, cube >> 26u));
  let p = u64_add(u64_add_u32(U64(r.lo, r.hi & 0xffffffu), cross), tail); // e^q - 1: 2^-64
  let t1 = exp_sixteenth(r.hi >> 28u);
  let t = u64_add(t1, u64_mul_hi_short(t1, exp_256th((r.hi >> 24u) & 15u)));
  return u64_add(t, u64_mul_hi_short(t, p));
}

// n ln 2 mod 1 in units of 2^-64, low by less than 1.1, for n <= 186: in 24-bit pieces, so that no piece wraps.
fn times_ln2(n: u32) -> U64 {
  let p0 = n * 0x79abc9u;
  let p1 = n * 0xf7d1cfu + (p0 >> 24u);
  let p2 = n * 0xb17217u + (p1 >> 24u);
  return U64((p1 << 16u) | ((p0 >> 8u) & 0xffffu), (p2 << 8u) | ((p1 >> 16u) & 0xffu));
}

// e^x for x of the sign given (negative = 1 or 0) and magnitude m 2^(e - 150), m in [2^23, 2^24), 86 <= e <= 133,
// that is 2^-41 <= |x| < 128. Relative error under 2^-56.3:
//   r = |x| - n ln 2 or n ln 2 - |x|, so that 0 <= r < 0.699, exact |x|, in units of 2^-64: error < 2^-62;
//   e^r by exp_reduced.
fn exp_core(m: u32, e: u32, negative: u32) -> ScaledExp {
  let mask = 0u - negative;
  // n: |x| in units of 2^-9, times floor(2^15 log2 e), is |x| log2 e in units of 2^-24, low by less than 0.0046.
  // x >= 0 takes its floor; x < 0 adds 1/128 and takes the next integer, so that r is never negative.
  let steps = (m >> min(141u - min(e, 141u), 31u)) * 47274u;
  let n = ((steps + (0x20000u & mask)) >> 24u) + negative;
  // Both sides are taken mod 1, which loses nothing since 0 <= r < 1. ~d is -d less one unit.
  let d = u64_sub(u64_shl(U64(m, 0u), e - 86u), times_ln2(n));
  let r = U64(d.lo ^ mask, d.hi ^ mask);
  return ScaledExp(exp_reduced(r), n);
}

fn exp_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let negative = x >> 31u;
  let e = clamp(magnitude >> 23u, 86u, 133u);
  let core = exp_core((magnitude & 0x7fffffu) | 0x800000u, e, negative);
  // Nearest 24-bit significand. The bit under it decides: e^x is irrational for x != 0, so no tie occurs.
  let carry = core.fraction.hi >> 31u;
  let significand = (core.fraction.hi + (64u << carry)) >> (7u + carry);
  let n = select(core.exponent, 0u - core.exponent, negative > 0u);
  let word = ((n + carry + 126u) << 23u) + significand;
  // Above, the word runs on into the exponent field 255: overflow. Under -88 the word may have wrapped.
  let high = select(min(word, 0x7f800000u), 0x7f800000u, magnitude >= 0x42b20000u); // x >= 89
  let low = select(select(word, 0u, word < 0x03800000u), 0u, magnitude >= 0x42a80000u); // x <= -84
  let tiny = magnitude < 0x32800000u; // |x| < 2^-26: nearer to 1 than half the step under 1
  let finite = select(select(high, low, negative > 0u), 0x3f800000u, tiny);
  return select(finite, 0x7fc00000u, magnitude > 0x7f800000u);
}
