// erf, correctly rounded (V6), in u32 arithmetic only (B4).
// Total: NaN -> NaN 0x7fc00000, +-inf -> +-1, magnitudes under 2^-120 -> +0 (V2). Common subset, see math/limbs.
// scripts/math_constants.mjs makes the coefficients.
// #import math/limbs

// One of four values, by the two conditions.
fn erf_pick(near: u32, one: u32, two: u32, three: u32, below1: bool, below2: bool, below3: bool) -> u32 {
  return select(select(select(three, two, below3), one, below2), near, below1);
}

// c + a g, where a and c stand for signed numbers under 2 in magnitude, in units of 2^-62 and biased by 2^63, and g is in
// units of 2^-64, half = g / 2: the bias of a adds g / 2 to the product. Low by 8 units at most.
fn erf_step(a: U64, g: U64, half: U64, c: U64) -> U64 {
  return u64_sub(u64_add(c, u64_mul_hi_short(g, a)), half);
}

// erf |x| / |x| for |x| < 1 as a polynomial of degree 12 in g = x^2 (relative error 2^-62.5), erf |x| for 1 <= |x| < 4 as one
// of three of degree 17 in g = |x| - floor |x| (error under 2^-57.9), in units of 2^-62. The steps truncate at most 8
// units each, each weighed by a power of g: together under 2^-54.9, on average under 2^-56.5.
fn erf_polynomial(g: U64, below1: bool, below2: bool, below3: bool) -> U64 {
  let half = u64_shr_near(g, 1u);
  let c17 = U64(
    erf_pick(0x00000000u, 0xa2c857aeu, 0x353e5366u, 0x2441afe5u, below1, below2, below3),
    erf_pick(0x80000000u, 0x7ffffecfu, 0x80000018u, 0x80000004u, below1, below2, below3),
  );
  let a17 = c17;
  let c16 = U64(
    erf_pick(0x00000000u, 0xb7c74f0du, 0xe96665d3u, 0x29f4a8beu, below1, below2, below3),
    erf_pick(0x80000000u, 0x8000100cu, 0x7fffffd6u, 0x7fffffd3u, below1, below2, below3),
  );
  let a16 = erf_step(a17, g, half, c16);
  let c15 = U64(
    erf_pick(0x00000000u, 0x0e392716u, 0xe7bed101u, 0xcfee26dfu, below1, below2, below3),
    erf_pick(0x80000000u, 0x7fffaa6cu, 0x7ffffb5eu, 0x800000d3u, below1, below2, below3),
  );
  let a15 = erf_step(a16, g, half, c15);
  let c14 = U64(
    erf_pick(0x00000000u, 0x1ffa3b46u, 0xcbb1aa35u, 0xeb181d5fu, below1, below2, below3),
    erf_pick(0x80000000u, 0x8000ca85u, 0x8000204eu, 0x7ffffe0fu, below1, below2, below3),
  );
  let a14 = erf_step(a15, g, half, c14);
  let c13 = U64(
    erf_pick(0x00000000u, 0x674c5a5du, 0xd0f4b131u, 0x05ac2103u, below1, below2, below3),
    erf_pick(0x80000000u, 0x7fffd57du, 0x7fffa835u, 0x8000006fu, below1, below2, below3),
  );
  let a13 = erf_step(a14, g, half, c13);
  let c12 = U64(
    erf_pick(0x105ffd73u, 0xdad0a3f9u, 0xe4e7de3bu, 0x0714c6ceu, below1, below2, below3),
    erf_pick(0x80000000u, 0x7ffd2248u, 0x800027d2u, 0x80000cddu, below1, below2, below3),
  );
  let a12 = erf_step(a13, g, half, c12);
  let c11 = U64(
    erf_pick(0xc762b0dau, 0x6b8fd731u, 0x7aa7b5c8u, 0x211fba9eu, below1, below2, below3),
    erf_pick(0x7ffffffeu, 0x80012155u, 0x8001a70eu, 0x7fffd297u, below1, below2, below3),
  );
  let a11 = erf_step(a12, g, half, c11);
  let c10 = U64(
    erf_pick(0xbda5f9d9u, 0x204e3119u, 0x96f8efe4u, 0x40a32baau, below1, below2, below3),
    erf_pick(0x8000000fu, 0x80143a39u, 0x7ffbb7fcu, 0x80004195u, below1, below2, below3),
  );
  let a10 = erf_step(a11, g, half, c10);
  let c9 = U64(
    erf_pick(0x709a487cu, 0x58696d3cu, 0x7da5a1bbu, 0x18ed740fu, below1, below2, below3),
    erf_pick(0x7fffff50u, 0x7fe10fa8u, 0x7fff2b59u, 0x80003a4bu, below1, below2, below3),
  );
  let a9 = erf_step(a10, g, half, c9);
  let c8 = U64(
    erf_pick(0x7c893293u, 0xb0ef4aa4u, 0x47c8e1c7u, 0x2c6453c2u, below1, below2, below3),
    erf_pick(0x800006e7u, 0x7fb1bf83u, 0x801a11fau, 0x7ffdcab7u, below1, below2, below3),
  );
  let a8 = erf_step(a9, g, half, c8);
  let c7 = U64(
    erf_pick(0xc39cf811u, 0x1bd9f3dfu, 0xc2d18febu, 0x724c6ea3u, below1, below2, below3),
    erf_pick(0x7fffc165u, 0x80f84aacu, 0x7fc8a3c2u, 0x8006662cu, below1, below2, below3),
  );
  let a7 = erf_step(a8, g, half, c7);
  let c6 = U64(
    erf_pick(0x21d5b8e2u, 0x2c45cdc8u, 0xbe8fb121u, 0x6ed1d5dbu, below1, below2, below3),
    erf_pick(0x8001f9a3u, 0x804b918au, 0x80078653u, 0x7ff3e86eu, below1, below2, below3),
  );
  let a6 = erf_step(a7, g, half, c6);
  let c5 = U64(
    erf_pick(0x6129de51u, 0x2d758327u, 0x758caed0u, 0x5134c5fdu, below1, below2, below3),
    erf_pick(0x7ff1fe92u, 0x7b927ad0u, 0x80d6739fu, 0x8010a7b5u, below1, below2, below3),
  );
  let a5 = erf_step(a6, g, half, c5);
  let c4 = U64(
    erf_pick(0x436ea8e0u, 0x7fb8322du, 0x21e88e02u, 0x4e544d01u, below1, below2, below3),
    erf_pick(0x805596f3u, 0x846d852cu, 0x7dcba74du, 0x7feee37au, below1, below2, below3),
  );
  let a4 = erf_step(a5, g, half, c4);
  let c3 = U64(
    erf_pick(0xed7b1ffcu, 0x77a515d3u, 0x485effe1u, 0x58e62b10u, below1, below2, below3),
    erf_pick(0x7e47d31cu, 0x88db0a58u, 0x831615c7u, 0x800cedbau, below1, below2, below3),
  );
  let a3 = erf_step(a4, g, half, c3);
  let c2 = U64(
    erf_pick(0x810acbebu, 0x90556040u, 0xe6102806u, 0x85a2ddccu, below1, below2, below3),
    erf_pick(0x8738bc86u, 0x656ee0f6u, 0x7d5ac8c2u, 0x7ff927cau, below1, below2, below3),
  );
  let a2 = erf_step(a3, g, half, c2);
  let c1 = U64(
    erf_pick(0xfc861a09u, 0x6fbbfc2du, 0x8cf999c2u, 0xd3746628u, below1, below2, below3),
    erf_pick(0x67ed8b94u, 0x9a911f09u, 0x81529b9eu, 0x80024811u, below1, below2, below3),
  );
  let a1 = erf_step(a2, g, half, c1);
  let c0 = U64(
    erf_pick(0x0a6db446u, 0x8211159eu, 0x4f2bc669u, 0x826bf2f7u, below1, below2, below3),
    erf_pick(0xc8375d41u, 0xb5eecf4eu, 0xbfb35c28u, 0xbfffa358u, below1, below2, below3),
  );
  let a0 = erf_step(a1, g, half, c0);
  return U64(a0.lo, a0.hi ^ 0x80000000u);
}

fn erf_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let e = magnitude >> 23u;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let below1 = e < 127u;
  let below2 = e < 128u;
  let below3 = magnitude < 0x40400000u;

  // x^2 < 2^-62 is taken as 0: the polynomial then gives 2 / sqrt(pi) within a relative 2^-62.
  let square = u64_shr(mul_wide(m << 8u, m << 8u), 2u * (126u - clamp(e, 96u, 126u)));
  let near = select(square.hi, 0u, e < 96u);
  let near_low = select(square.lo, 0u, e < 96u);
  // The fraction of |x| in [1, 4): the integer part leaves the word at its top.
  let fraction = m << (9u + (clamp(e, 127u, 128u) - 127u));
  let g = U64(select(0u, near_low, below1), select(fraction, near, below1));
  let p = erf_polynomial(g, below1, below2, below3);

  // |x| < 1: the product with m, else with 1; units of 2^-29 of 2^(field - 127), a value in [0.84, 2.26).
  let factor = select(0x80000000u, m << 8u, below1);
  let field = select(127u, e, below1);
  let product = u64_mul_u32(p, factor).hi;
  let lead = countLeadingZeros(product | 1u);
  let shift = 8u - min(lead, 3u);
  let middle = ((field + shift - 7u) << 23u) + ((product + ((1u << shift) >> 1u)) >> shift);

  let small = select(middle, 0u, magnitude < 0x03800000u);
  let finite = select(small, 0x3f800000u, magnitude >= 0x407b0000u); // erfc 3.921875 < 2^-25
  let sign = select(x & 0x80000000u, 0u, magnitude < 0x03800000u);
  return select(sign | finite, 0x7fc00000u, magnitude > 0x7f800000u);
}
