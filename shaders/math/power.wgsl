// x^y to 2^-53, in u32 arithmetic only (B4): the correctly rounded word (V6), or the news that it is undecided.
// pow has too many inputs to run through, so no bound is known under which every case is decided. The ties
// themselves are decided here, exactly; what remains undecided is less than one in 2^28 of the inputs whose result
// has no short form, and goes to the reference, which decides with more than 128 bits.
// Operands are read canonically: a zero has no sign, and any magnitude under 2^-120 is zero. In this order:
//   x^0 = 1 and 1^y = 1, NaN included           NaN otherwise -> NaN
//   y = +inf: |x| > 1 -> inf, |x| < 1 -> 0, -1 -> 1      y = -inf: the reverse, 0^-inf = inf
//   0^y = 0 for y > 0, +inf for y < 0           inf^y = inf for y > 0, 0 for y < 0; (-inf)^y = -inf for odd y > 0
//   x < 0: y no integer -> NaN, y odd -> -(|x|^y), y even -> |x|^y
//   overflow -> infinity with the sign of the result, under 2^-120 -> +0
// Common subset of WGSL and C, see math/limbs.
// #import math/log
// #import math/exp

struct Power {
  word: u32,
  undecided: u32, // 1: x^y is nearer to a tie than the error of this computation, and no tie
}

// floor(sqrt(n)) for n < 2^24.
fn root_floor(n: u32) -> u32 {
  var root = 0u;
  for (var bit = 2048u; bit > 0u; bit = bit >> 1u) {
    let next = root | bit;
    root = select(root, next, next * next <= n);
  }
  return root;
}

// Whether (m 2^i)^(n 2^-j) is tie 2^k for some k, given that it is very near: m and tie odd, m under 2^24, tie of
// exactly 25 bits, n odd or j = 0. Then m is g to the 2^j and tie = g^n. g = 1 gives no tie, nor does n > 15: 3^16
// has 26 bits; nor j > 3: 3^16 has more than 24.
fn is_tie(m: u32, n: u32, j: u32, tie: u32) -> bool {
  var g = m;
  var exact = j < 4u && n < 16u && m > 1u;
  for (var i = 0u; i < 3u; i++) {
    let root = root_floor(g);
    let taken = i < j;
    exact = exact && (!taken || root * root == g);
    g = select(g, root, taken);
  }
  var p = 1u;
  for (var i = 0u; i < 15u; i++) {
    if (i < n) {
      exact = exact && mul_hi(p, g) < 1u;
      p = p * g;
    }
  }
  return exact && p == tie;
}

// |x|^y for the words of two positive numbers that are finite and at least 2^-120, x not 1; y_negative = 1 for -y.
//   t = y log2 x, |t| = p 2^(shift - 64), relative error under 2^-60.5;
//   2^t = 2^n e^(f ln 2), n = floor(t), 0 <= f <= 1: error of f ln 2 under 2^-61 + |t| 2^-60.9;
//   exp_reduced adds 2^-56.4: the fraction, under 2.02 in units of 2^-62, is off by less than 108 + 5 |t| units.
fn power_regular(x: u32, y: u32, y_negative: u32) -> Power {
  let log = log2_core(x);
  let n_y = (y & 0x7fffffu) | 0x800000u;
  let p = u64_mul_u32(log.significand, n_y << 8u); // 2^62 <= p
  let shift = (y >> 23u) + 138u - log.shift; // 256 more than the exponent of p 2^-64
  let left = clamp(shift, 256u, 265u) - 256u;
  let right = 256u - clamp(shift, 228u, 256u);
  let scaled = u64_shr(u64_shl(p, left), right);
  let whole = (p.hi >> 1u) >> (31u - left);
  let negative = log.negative ^ y_negative;
  let mask = 0u - negative;
  // -t = -whole - 1 + (1 - fraction), one unit of 2^-64 low.
  let f = U64(scaled.lo ^ mask, scaled.hi ^ mask);
  let fraction = exp_reduced(u64_mul_hi_short(f, U64(0xd1cf79acu, 0xb17217f7u)));

  let carry = fraction.hi >> 31u;
  let below = 7u + carry;
  let floor_significand = fraction.hi >> below;
  let margin = 128u + 5u * whole;
  let dropped = U64(fraction.lo, fraction.hi & ((128u << carry) - 1u));
  let distance = u64_add_u32(u64_sub(dropped, U64(0u, 64u << carry)), margin);
  let near = distance.hi < 1u && distance.lo < 2u * margin;
  var up = (fraction.hi >> (6u + carry)) & 1u;
  // biased is 512 more than the exponent field less the implicit bit.
  let biased = 638u + carry + select(whole, 0u - whole - 1u, negative > 0u);
  // |t| >= 2^8 overflows or vanishes; |t| < 2^-27 is nearer to 1 than half the step under 1.
  let huge = shift >= 266u || biased >= 766u;
  let vanishing = shift >= 266u || biased < 512u;
  let tiny = shift <= 229u;
  var undecided = near && !huge && !vanishing && !tiny;
  if (undecided && y_negative < 1u) {
    let zeros_x = countTrailingZeros(x | 0x800000u);
    let zeros_y = countTrailingZeros(n_y);
    let exponent = (y >> 23u) + zeros_y; // y = odd 2^(exponent - 150)
    let integer = exponent >= 150u;
    let n = (n_y >> zeros_y) << select(0u, min(exponent - 150u, 7u), integer);
    let j = select(150u - exponent, 0u, integer);
    let m = ((x & 0x7fffffu) | 0x800000u) >> zeros_x;
    if (is_tie(m, n, j, 2u * floor_significand + 1u)) {
      undecided = false;
      up = floor_significand & 1u;
    }
  }
  let word = min(((biased - 512u) << 23u) + floor_significand + up, 0x7f800000u);
  let high = select(word, 0x7f800000u, huge && negative < 1u);
  let low = select(high, 0u, (vanishing && negative > 0u) || high < 0x03800000u);
  return Power(select(low, 0x3f800000u, tiny), select(0u, 1u, undecided));
}

// x^3 for any word, exact in 72 bits and rounded once: models write it, and its ties are common.
fn cube_f32(x: u32) -> u32 {
  let magnitude = x & 0x7fffffffu;
  let m = (x & 0x7fffffu) | 0x800000u;
  // 2^69 <= m^3 < 2^72.
  let square = mul_wide(m, m);
  let low = mul_wide(square.lo, m);
  let high = u64_add_u32(mul_wide(square.hi, m), low.hi);
  let zeros = countLeadingZeros(high.hi); // 24 to 26
  let top = (high.hi << zeros) | (high.lo >> (32u - zeros));
  let rest = (high.lo << zeros) | low.lo;
  let odd_or_more = (top & 0x17fu) | rest; // the bits under the half, and the last bit kept
  let up = select(0u, (top >> 7u) & 1u, odd_or_more > 0u);
  // biased is 512 more than the exponent field less the implicit bit.
  let biased = 3u * (magnitude >> 23u) + 283u - zeros;
  let word = min(((biased - 512u) << 23u) + (top >> 8u) + up, 0x7f800000u);
  let large = select(word, 0x7f800000u, biased >= 766u);
  let finite = (x & 0x80000000u) | large;
  let small = biased < 512u || large < 0x03800000u || magnitude < 0x03800000u;
  return select(select(finite, 0u, small), 0x7fc00000u, magnitude > 0x7f800000u);
}

fn power(x: u32, y: u32) -> Power {
  if (y == 0x40400000u) {
    return Power(cube_f32(x), 0u);
  }
  let mx = x & 0x7fffffffu;
  let my = y & 0x7fffffffu;
  let y_negative = y >> 31u;
  // y = odd 2^(exponent - 150); an infinite y counts as even.
  let exponent = (my >> 23u) + countTrailingZeros(my | 0x800000u);
  let odd = select(0u, 1u, exponent == 150u);
  let sign = (x & 0x80000000u) & (0u - odd);
  if (my < 0x03800000u || x == 0x3f800000u) {
    return Power(0x3f800000u, 0u);
  }
  if (max(mx, my) > 0x7f800000u) {
    return Power(0x7fc00000u, 0u);
  }
  if (mx == 0x3f800000u) {
    return Power(select(0x7fc00000u, 0x3f800000u | sign, exponent >= 150u), 0u);
  }
  if (mx < 0x03800000u || mx == 0x7f800000u || my == 0x7f800000u) {
    // 0 or infinity: the larger |x|^y for |x| > 1 and y > 0, or both reversed.
    let large = (mx > 0x3f800000u) == (y_negative < 1u);
    let infinite_sign = select(0u, sign, mx == 0x7f800000u);
    let invalid = x > 0x80000000u && mx >= 0x03800000u && mx < 0x7f800000u && exponent < 150u;
    return Power(select(select(0u, 0x7f800000u | infinite_sign, large), 0x7fc00000u, invalid), 0u);
  }
  if (x > 0x80000000u && exponent < 150u) {
    return Power(0x7fc00000u, 0u);
  }
  let magnitude = power_regular(mx, my, y_negative);
  let signed_word = select(magnitude.word | sign, 0u, magnitude.word < 1u);
  return Power(signed_word, magnitude.undecided);
}
