// Random words (V10): Philox4x32-10 (Salmon, Moraes, Dror and Shaw, SC 2011), a function of a key and a
// counter, so that any word is computed alone. The key is the run's seed; the counter is the block, the path
// and the node's two words. Output i is word `i * step + offset` of the stream, four words a block, shifted
// right. A work unit is 256 outputs.
#include "../repro.h"

typedef struct {
  u32 n;
  u32 step;
  u32 offset;
  u32 shift;
  u32 node_low, node_high;
  u32 pad1, pad2;
} PhiloxParams;

#define UNIT 256u

static u32 philox_word(const u32 *seed, const PhiloxParams *p, u32 index) {
  u32 c0 = index >> 2, c1 = seed[2], c2 = p->node_low, c3 = p->node_high;
  u32 k0 = seed[0], k1 = seed[1];
  for (u32 round = 0; round < 10; round++) {
    const u64 a = (u64)c0 * 0xd2511f53u, b = (u64)c2 * 0xcd9e8d57u;
    c0 = (u32)(b >> 32) ^ c1 ^ k0;
    c2 = (u32)(a >> 32) ^ c3 ^ k1;
    c1 = (u32)b;
    c3 = (u32)a;
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  const u32 lane = index & 3;
  return lane == 0 ? c0 : lane == 1 ? c1 : lane == 2 ? c2 : c3;
}

KERNEL(philox) {
  const PhiloxParams *p = params;
  UNUSED(scratch);
  u32 *y = out[0];
  const u32 last = end * UNIT < p->n ? end * UNIT : p->n;
  for (u32 i = begin * UNIT; i < last; i++) y[i] = philox_word(in[0], p, i * p->step + p->offset) >> p->shift;
}
