// What sin, cos and tan share: the argument reduced by multiples of pi/2, and the two polynomials (V6), in u32
// arithmetic only (B4). Common subset of WGSL and C, see math/limbs; scripts/math_constants.mjs makes the constants.
// Not here: special values. Each function states its own; for infinities and NaN the words are any words.
// #import math/limbs

// |x| = quadrant pi/2 + r, |r| <= pi/4 (1 + 2^-60): |r| = significand 2^(-64 - shift), the top bit of significand set,
// its relative error under 2^-62; negative = 1 for r < 0.
struct TrigArgument {
  significand: U64,
  shift: u32,
  quadrant: u32,
  negative: u32,
}

// Five words of 2/pi from word i on, 0 <= i <= 4; word 0 stands for the bits of weight 2^31 to 1, all zero.
struct TrigWindow {
  w0: u32,
  w1: u32,
  w2: u32,
  w3: u32,
  w4: u32,
}

fn trig_window(i: u32) -> TrigWindow {
  let by4 = i > 3u;
  let by2 = (i & 2u) > 0u;
  let by1 = (i & 1u) > 0u;
  let a0 = select(0u, 0xf534ddc0u, by4);
  let a1 = select(0xa2f9836eu, 0xdb629599u, by4);
  let a2 = select(0x4e441529u, 0x3c439041u, by4);
  let a3 = select(0xfc2757d1u, 0xfe5163abu, by4);
  let a4 = select(0xf534ddc0u, 0xdebbc561u, by4);
  let b0 = select(a0, a2, by2);
  let b1 = select(a1, a3, by2);
  let b2 = select(a2, a4, by2);
  let b3 = select(a3, 0xdb629599u, by2);
  let b4 = select(a4, 0x3c439041u, by2);
  let b5 = select(0xdb629599u, 0xfe5163abu, by2);
  return TrigWindow(
    select(b0, b1, by1),
    select(b1, b2, by1),
    select(b2, b3, by1),
    select(b3, b4, by1),
    select(b4, b5, by1),
  );
}

// The word of |x|, reduced (Payne and Hanek). |x| = m 2^(e - 150).
//   e < 126: |x| < 1/2 is r itself, exactly.
//   Else |x| 2/pi mod 4 in units of 2^-126: of 2/pi the 128 bits from the one that m 2^(e - 150) takes to 2; what stands
//   above are multiples of 4, what stands below is less than 2^24 units. The nearest integer is the quadrant. No f32 is
//   nearer than 2^-31 of pi/2 to a multiple of pi/2 (the run over all inputs), so that the fraction, over 2^94 units, is
//   known to a relative 2^-70; the product with pi/2 truncates by less than 2^-62.6.
fn trig_reduce(magnitude: u32) -> TrigArgument {
  let e = magnitude >> 23u;
  let m = (magnitude & 0x7fffffu) | 0x800000u;
  let first = clamp(e, 126u, 254u) - 120u;
  let t = trig_window(first >> 5u);
  let s = first & 31u;
  let u = 31u - s;
  let p0 = mul_wide((t.w3 << s) | ((t.w4 >> 1u) >> u), m);
  let p1 = u64_add_u32(mul_wide((t.w2 << s) | ((t.w3 >> 1u) >> u), m), p0.hi);
  let p2 = u64_add_u32(mul_wide((t.w1 << s) | ((t.w2 >> 1u) >> u), m), p1.hi);
  let p3 = ((t.w0 << s) | ((t.w1 >> 1u) >> u)) * m + p2.hi;
  let quadrant = (p3 + 0x20000000u) >> 30u;
  let rest = p3 - (quadrant << 30u);
  let negative = rest >> 31u;
  // The magnitude, one unit low where it is negative; its leading bit is in the first two words.
  let mask = 0u - negative;
  let f3 = rest ^ mask;
  let f2 = p2.lo ^ mask;
  let f1 = p1.lo ^ mask;
  let f0 = p0.lo ^ mask;
  let is_short = f3 < 1u;
  let g2 = select(f3, f2, is_short);
  let g1 = select(f2, f1, is_short);
  let g0 = select(f1, f0, is_short);
  let z = min(countLeadingZeros(g2), 31u);
  let fraction = U64((g1 << z) | ((g0 >> 1u) >> (31u - z)), (g2 << z) | ((g1 >> 1u) >> (31u - z)));
  let r = u64_mul_hi(fraction, U64(0x2168c235u, 0xc90fdaa2u));
  let lost = 1u - (r.hi >> 31u);
  let far = u64_shl_near(r, lost);
  let far_shift = z + lost + select(0u, 32u, is_short) - 3u;
  let is_near = e < 126u;
  return TrigArgument(
    U64(select(far.lo, 0u, is_near), select(far.hi, m << 8u, is_near)),
    select(far_shift, 126u - min(e, 126u), is_near),
    select(quadrant, 0u, is_near),
    select(negative, 0u, is_near),
  );
}

// r^2 in units of 2^-64, under 0.617; low by 9 units at most.
fn trig_square(r: TrigArgument) -> U64 {
  return u64_shr(u64_mul_hi_short(r.significand, r.significand), min(2u * r.shift, 63u));
}

// sin r / r, or cos r, in units of 2^-64, under 2^64 although it may be 1; u = r^2.
//   1 - u (c1 - u (c2 - ... u c7)) of degree 7 through the Chebyshev nodes: error 2^-64.4. Step k holds c_k in units small
//   enough that it fills its words, so that the truncations of high steps weigh little: all of them 5 units, and the
//   errors of r^2 add 2 for the sine, 6 for the cosine: relative errors under 2^-61.1 and, cos r being over 0.7, 2^-60.
fn trig_polynomial(u: U64, is_cos: bool) -> U64 {
  let c7 = select(0x0d58bea0u, 0xc7fcea1du, is_cos);
  let c6 = select(0x0b090bf8u, 0x8f753f93u, is_cos) - (mul_hi_short(u.hi, c7) >> 8u);
  let t5 = u64_shr_near(mul_wide(u.hi, c6), 7u);
  let c5 = u64_sub(U64(select(0x962b05e6u, 0x5173a2fdu, is_cos), select(0x0d7322a0u, 0x93f27c72u, is_cos)), t5);
  let t4 = u64_shr_near(u64_mul_hi_48(u, c5), 6u);
  let c4 = u64_sub(U64(select(0x46095ad8u, 0xf098f442u, is_cos), select(0x171de3a5u, 0xd00d00ceu, is_cos)), t4);
  let t3 = u64_shr_near(u64_mul_hi_short(u, c4), 6u);
  let c3 = u64_sub(U64(select(0x019937dbu, 0x0aebc74fu, is_cos), select(0x1a01a01au, 0xb60b60b6u, is_cos)), t3);
  let t2 = u64_shr_near(u64_mul_hi_short(u, c3), 5u);
  let c2 = u64_sub(U64(select(0x22222003u, 0xaaaa869bu, is_cos), select(0x22222222u, 0xaaaaaaaau, is_cos)), t2);
  let t1 = u64_shr_near(u64_mul_hi_short(u, c2), 4u);
  let c1 = u64_sub(U64(select(0xaaaaaaaau, 0xfffffffcu, is_cos), select(0x2aaaaaaau, 0x7fffffffu, is_cos)), t1);
  let w = u64_mul_hi(u, c1);
  return U64(~w.lo, ~w.hi);
}

// The f32 word of value 2^(-32 - shift), where value is at least 2^30 and truncated: nearest, and no tie.
fn trig_round(value: u32, shift: u32) -> u32 {
  let lost = 1u - (value >> 31u);
  let top = value << lost;
  return ((125u - shift - lost) << 23u) + (top >> 8u) + ((top >> 7u) & 1u);
}

// sin (turn = 0) or cos (turn = 1) of a reduced |x|, as a word; sign is that of x where it counts, in the top bit.
// The product with r, at least 0.9 2^63, is low by 8 units at most: with the other errors under 2^-59.2.
fn trig_sin_cos(r: TrigArgument, turn: u32, sign: u32) -> u32 {
  let quadrant = r.quadrant + turn;
  let is_cos = (quadrant & 1u) > 0u;
  let p = trig_polynomial(trig_square(r), is_cos);
  let product = u64_mul_hi_short(p, r.significand).hi;
  let word = trig_round(select(product, p.hi, is_cos), select(r.shift, 0u, is_cos));
  let flips = (quadrant >> 1u) ^ select(r.negative, 0u, is_cos);
  return word ^ sign ^ (flips << 31u);
}
