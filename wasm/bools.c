// Whether bytes are all 0 or 1, as those of bool tensors must be before they are handed out: kernels move
// what they are given (V1), and BitCast gives them any byte. Not a kernel: it has no units, and writes
// nothing.
#include "repro.h"

__attribute__((export_name("are_bools"), used)) u32 are_bools(const u8 *bytes, u32 n) {
  u32 i = 0, others = 0;
  v128_t found = wasm_i32x4_splat(0);
  for (; i + 16 <= n; i += 16) found = wasm_v128_or(found, wasm_v128_load(bytes + i));
  for (; i < n; i++) others |= bytes[i];
  return !wasm_v128_any_true(wasm_v128_and(found, wasm_i8x16_splat((i8)0xfe))) && (others & 0xfe) == 0;
}
