// erf, correctly rounded (V6). NaN -> NaN, +-inf -> +-1, magnitudes under 2^-120 -> +0 (V2).
// Fast path: for |x| < 1 x times a polynomial of degree 8 in x^2 (relative error 2^-40.0), else one of degree
// 20 in |x| - 2.475 (error 2^-40.1, relative under 2^-39.8); evaluation adds less than 2^-48: under 2^14 last
// places. What is undecided takes the integer algorithm of shaders/math/erf.wgsl.
#include "lanes.h"
#include "math.h"
#include "words/erf.h"

// erf x for |x| < 1.
static inline f64x2 erf_near(f64x2 x) {
  f64x2 u = x * x;
  f64x2 u2 = u * u;
  f64x2 c01 = 0x1.20dd750428cb9p+0 + u * -0x1.812746ade3c08p-2;
  f64x2 c23 = 0x1.ce2f20a7415c6p-4 + u * -0x1.b82cbae7577a7p-6;
  f64x2 c45 = 0x1.56588b32275a7p-8 + u * -0x1.bfe158a7be278p-11;
  f64x2 c67 = 0x1.f57e9cee106c1p-14 + u * -0x1.d2b8522d6f7cbp-17;
  return x * (c01 + u2 * (c23 + u2 * (c45 + u2 * (c67 + u2 * 0x1.1c41ab6eec487p-20))));
}

// erf x for 1 <= x <= 3.95.
static inline f64x2 erf_far(f64x2 x) {
  f64x2 t = x - 0x1.3cccccccccccdp+1;
  f64x2 t2 = t * t;
  f64x2 t4 = t2 * t2;
  f64x2 c03 = 0x1.ffc30efb31cabp-1 + t * 0x1.43534ecbbc3efp-9 +
              t2 * (-0x1.901d7e2e9c389p-8 + t * 0x1.2f26b8366a1efp-7);
  f64x2 c47 = -0x1.3476bce59e817p-7 + t * 0x1.acde2b45be3d6p-8 +
              t2 * (-0x1.7a9a7656f9f6ep-9 + t * 0x1.fc03addf58bb6p-12);
  f64x2 c811 = 0x1.4eaf862bd7ea0p-12 + t * -0x1.1ad10ba1aca8ep-12 +
               t2 * (0x1.421acf33d3a9ep-14 + t * 0x1.3f674eba5cd1ep-17);
  f64x2 c1215 = -0x1.05c4454d2d0cep-16 + t * 0x1.383bcb1380106p-18 +
                t2 * (0x1.dfd320bc501bcp-22 + t * -0x1.9588311ea9862p-21);
  f64x2 c1619 = 0x1.5d2f7cff8587cp-23 + t * 0x1.97d339f81f680p-25 +
                t2 * (-0x1.95212484017a2p-26 + t * -0x1.f2826ba80b1f6p-31);
  return c03 + t4 * (c47 + t4 * (c811 + t4 * (c1215 + t4 * (c1619 + t4 * 0x1.4bae871486c26p-30))));
}

PRECISE_LANES(erf_precise, wgsl_erf_f32)

static inline f32x4 erf_x4(f32x4 x) {
  // erf 3.95 rounds to 1. A magnitude under 2^-120 is read as 0: erf of it could be over 2^-120.
  f32x4 read = clamp_f32(flush_lanes(x), 3.95f);
  f32x4 magnitude = (f32x4)((i32x4)read & 0x7fffffff);
  i32x4 sign = (i32x4)read & (i32)0x80000000;
  i32x4 is_far = magnitude >= 1.0f;
  f64x2 low = erf_near(low_f64(magnitude));
  f64x2 high = erf_near(high_f64(magnitude));
  if (any_true(is_far)) {
    i64x2 low_far = low_f64(magnitude) >= 1.0, high_far = high_f64(magnitude) >= 1.0;
    low = (f64x2)(((i64x2)erf_far(low_f64(magnitude)) & low_far) | ((i64x2)low & ~low_far));
    high = (f64x2)(((i64x2)erf_far(high_f64(magnitude)) & high_far) | ((i64x2)high & ~high_far));
  }
  f32x4 y = round_f32(low, high);
  i32x4 undecided = undecided_x4(low, high, 1u << 14);
  if (__builtin_expect(any_true(undecided), 0)) y = erf_precise(y, magnitude, undecided);
  return with_nan((f32x4)((i32x4)y | sign), x);
}

f32 erf_f32(f32 x) { return f32_of(wgsl_erf_f32(bits_of(x))); }
void erf_f32_block(const f32 *x, f32 *y, u32 n) { BLOCK_OF(erf_x4, x, y, n); }
