// Scale and zero point of DynamicQuantizeLinear, from n elements of which the least counts and n of which the
// greatest does: scale = (max(greatest, 0) - min(least, 0)) / 255, zero point = saturate(round(0 - min(least,
// 0) / scale)) (V2, V8). One unit. The reference itself computes both by chains: this is what WebGPU is
// checked by.
#include "../quantise.h"

typedef struct {
  u32 n; // at least 1
  u32 pad0, pad1, pad2;
} QuantiseRangeParams;

KERNEL(quantise_range) {
  const QuantiseRangeParams *p = params;
  const f32 *x = in[0], *y = in[1];
  f32 least = 0, most = 0;
  UNUSED(scratch);
  if (begin >= end) return;
  for (u32 i = 0; i < p->n; i++) {
    // A NaN stays: no comparison with it is true.
    const f32 low = canonical(x[i]), high = canonical(y[i]);
    if (low < least || low != low) least = low;
    if (high > most || high != high) most = high;
  }
  const f32 scale = quotient(canonical(most - least), 255.0f);
  *(f32 *)out[0] = scale;
  *(u8 *)out[1] = saturated_u8(nearest(canonical(0.0f - quotient(least, scale))));
}
