// f32 to f16 or bf16 and back (V9), as Cast does it; the functions are the shader's own text
// (shaders/math/half.wgsl). A work unit is a block of elements.
#include "../math/words/half.h"
#include "../repro.h"

typedef struct {
  u32 n;
  u32 conversion;
  u32 pad0, pad1;
} Convert16Params;

#define BLOCK 1024u

KERNEL(convert_16) {
  const Convert16Params *p = params;
  UNUSED(scratch);
  const u32 first = begin * BLOCK, last = end * BLOCK < p->n ? end * BLOCK : p->n;
  const u32 *words = in[0];
  const u16 *halves = in[0];
  switch (p->conversion) {
  case 0:
    for (u32 i = first; i < last; i++) ((u16 *)out[0])[i] = (u16)wgsl_f32_to_f16(words[i]);
    break;
  case 1:
    for (u32 i = first; i < last; i++) ((u16 *)out[0])[i] = (u16)wgsl_f32_to_bf16(words[i]);
    break;
  case 2:
    for (u32 i = first; i < last; i++) ((u32 *)out[0])[i] = wgsl_f16_to_f32(halves[i]);
    break;
  default:
    for (u32 i = first; i < last; i++) ((u32 *)out[0])[i] = wgsl_bf16_to_f32(halves[i]);
  }
}
