// SquareScale on the reference: y = (x * x) * alpha, each product rounded once and stored as mul_f32 of kernel.wgsl stores
// it: +0 below 2^-120. The library does that for what comes in and goes out. A unit is 64 elements, as in kernel.wgsl.
// build.sh makes kernel.wasm of it: a module with its own memory, no imports, and __heap_base, behind which
// the library lays out what a call reads and writes.
typedef unsigned u32;
typedef struct {
  u32 n;
  float alpha;
  u32 pad0, pad1;
} Params;

static float stored(float x) { return x > -0x1p-120f && x < 0x1p-120f ? 0 : x; }

__attribute__((export_name("kernel"))) void kernel(const Params *params, const void *const *in,
                                                   void *const *out, u32 begin, u32 end) {
  const float *x = in[0];
  float *y = out[0];
  const u32 last = end * 64 < params->n ? end * 64 : params->n;
  for (u32 i = begin * 64; i < last; i++) y[i] = stored(x[i] * x[i]) * params->alpha;
}
