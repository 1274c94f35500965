// Transpose, Slice, Expand, Split, Tile, DepthToSpace, SpaceToDepth: out[i, j, ...] = in[offset + i * s0 + j
// * s1 ...] over a dense output (V1). Work units: chunks of the last axis, or, where another axis is the one
// that is contiguous in the input, TILE of its indices by the whole last axis (a tiled transpose).
#include "../copy.h"

#define SHORT_ROW 256 // bytes; less than a chunk, so that each row is one work unit
#define TILE 16       // four vectors: one cache line of the input for each index of the last axis

typedef struct {
  u32 n;          // units of the output
  u32 rank;       // at least 1
  u32 unit_shift; // log2 of the bytes of a unit: 0, 1, 2
  u32 offset;     // in units, as the strides
  u32 chunk;      // units of the last axis in one work unit
  u32 tile_axis;  // the axis of stride 1 that is tiled with the last one; rank: none
  u32 pad0, pad1;
  u32 dims[COPY_RANK];
  u32 strides[COPY_RANK]; // of the input, two's complement
} StridedCopyParams;

// out[at_out + i * out_stride + j] = in[at_in + i + j * in_stride] for i < rows <= TILE, j < columns.
static void copy_tile(u32 *out, u32 at_out, u32 out_stride, const u32 *in, u32 at_in, u32 in_stride, u32 rows,
                      u32 columns) {
  u32 j = 0;
#ifdef __wasm_simd128__
  for (; j + 4 <= columns; j += 4) {
    const u32 from = at_in + j * in_stride;
    u32 i = 0;
    for (; i + 4 <= rows; i += 4) {
      const v128_t a = wasm_v128_load(&in[from + i]);
      const v128_t b = wasm_v128_load(&in[from + i + in_stride]);
      const v128_t c = wasm_v128_load(&in[from + i + 2 * in_stride]);
      const v128_t d = wasm_v128_load(&in[from + i + 3 * in_stride]);
      const v128_t ab_low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5);
      const v128_t ab_high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
      const v128_t cd_low = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5);
      const v128_t cd_high = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
      u32 *to = &out[at_out + i * out_stride + j];
      wasm_v128_store(to, wasm_i64x2_shuffle(ab_low, cd_low, 0, 2));
      wasm_v128_store(to + out_stride, wasm_i64x2_shuffle(ab_low, cd_low, 1, 3));
      wasm_v128_store(to + 2 * out_stride, wasm_i64x2_shuffle(ab_high, cd_high, 0, 2));
      wasm_v128_store(to + 3 * out_stride, wasm_i64x2_shuffle(ab_high, cd_high, 1, 3));
    }
    for (; i < rows; i++) strided_run_u32(&out[at_out + i * out_stride + j], in, from + i, in_stride, 4);
  }
  if (j + 2 <= columns) { // pairs: complex numbers, two classes
    const u32 from = at_in + j * in_stride;
    u32 i = 0;
    for (; i + 4 <= rows; i += 4) {
      const v128_t a = wasm_v128_load(&in[from + i]);
      const v128_t b = wasm_v128_load(&in[from + i + in_stride]);
      const v128_t low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5);
      const v128_t high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
      u32 *to = &out[at_out + i * out_stride + j];
      wasm_v128_store64_lane(to, low, 0);
      wasm_v128_store64_lane(to + out_stride, low, 1);
      wasm_v128_store64_lane(to + 2 * out_stride, high, 0);
      wasm_v128_store64_lane(to + 3 * out_stride, high, 1);
    }
    for (; i < rows; i++) strided_run_u32(&out[at_out + i * out_stride + j], in, from + i, in_stride, 2);
    j += 2;
  }
#endif
  if (j < columns) {
    for (u32 i = 0; i < rows; i++) {
      strided_run_u32(&out[at_out + i * out_stride + j], in, at_in + i + j * in_stride, in_stride,
                      columns - j);
    }
  }
}

static void copy_tiles(const StridedCopyParams *p, const u32 *in, u32 *out, u32 begin, u32 end) {
  const u32 last = p->rank - 1;
  const u32 rows = p->dims[p->tile_axis];
  const u32 tiles = (rows + TILE - 1) / TILE;
  // The axes around the tiles, with their strides in the output and in the input.
  u32 dims[COPY_RANK], in_strides[COPY_RANK], out_strides[COPY_RANK];
  u32 rank = 0, out_stride = 1, row_stride = 0;
  for (u32 axis = p->rank; axis-- > 0;) {
    if (axis == p->tile_axis) row_stride = out_stride;
    out_strides[axis] = out_stride;
    out_stride *= p->dims[axis];
  }
  for (u32 axis = 0; axis < last; axis++) {
    if (axis == p->tile_axis) continue;
    dims[rank] = p->dims[axis];
    in_strides[rank] = p->strides[axis];
    out_strides[rank++] = out_strides[axis]; // rank <= axis: nothing is overwritten before it is read
  }
  Odometer from = odometer_at(begin / tiles, rank, dims, in_strides, p->offset);
  Odometer to = odometer_at(begin / tiles, rank, dims, out_strides, 0);
  for (u32 unit = begin, tile = begin % tiles; unit < end; unit++) {
    const u32 first = tile * TILE;
    const u32 count = rows - first < TILE ? rows - first : TILE;
    copy_tile(out, to.at + first * row_stride, row_stride, in, from.at + first, p->strides[last], count,
              p->dims[last]);
    if (++tile == tiles) {
      tile = 0;
      odometer_step(&from);
      odometer_step(&to);
    }
  }
}

// Rows of a few bytes, a work unit each: the axis before the last in a loop of its own.
static void copy_short_rows(const StridedCopyParams *p, const u8 *in, u8 *out, u32 bytes, u32 begin,
                            u32 end) {
  const u32 axis = p->rank - 2;
  const u32 rows = p->dims[axis];
  const u32 step = p->strides[axis] << p->unit_shift; // modulo 2^32, as the sums below
  Odometer from = odometer_at(begin / rows, axis, p->dims, p->strides, p->offset);
  u8 *to = out + begin * bytes;
  for (u32 unit = begin, first = begin % rows; unit < end; first = 0, odometer_step(&from)) {
    const u32 count = rows - first < end - unit ? rows - first : end - unit;
    u32 at = (from.at << p->unit_shift) + first * step;
    if (bytes == 4) {
      for (u32 i = 0; i < count; i++, at += step, to += 4) __builtin_memcpy(to, in + at, 4);
    } else if (bytes == 8) {
      for (u32 i = 0; i < count; i++, at += step, to += 8) __builtin_memcpy(to, in + at, 8);
    } else if (bytes == 16) {
      for (u32 i = 0; i < count; i++, at += step, to += 16) __builtin_memcpy(to, in + at, 16);
    } else {
      for (u32 i = 0; i < count; i++, at += step, to += bytes) copy_bytes(to, in + at, bytes);
    }
    unit += count;
  }
}

KERNEL(strided_copy) {
  const StridedCopyParams *p = params;
  UNUSED(scratch);
  if (p->tile_axis < p->rank) {
    copy_tiles(p, in[0], out[0], begin, end);
    return;
  }
  const u32 last = p->rank - 1;
  const u32 n = p->dims[last];
  const u32 stride = p->strides[last];
  const u32 bytes = n << p->unit_shift;
  if (last > 0 && stride == 1 && bytes <= SHORT_ROW) {
    copy_short_rows(p, in[0], out[0], bytes, begin, end);
    return;
  }
  const u32 chunks = (n + p->chunk - 1) / p->chunk;
  u32 row = begin / chunks;
  Odometer from = odometer_at(row, last, p->dims, p->strides, p->offset);
  for (u32 unit = begin, chunk = begin % chunks; unit < end; unit++) {
    const u32 first = chunk * p->chunk;
    const u32 count = n - first < p->chunk ? n - first : p->chunk;
    copy_run(out[0], row * n + first, in[0], from.at + first * stride, stride, count, p->unit_shift);
    if (++chunk == chunks) {
      chunk = 0;
      row++;
      odometer_step(&from);
    }
  }
}
