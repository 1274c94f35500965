// Right operands of products of floats as tile.h reads them: panels of 8 columns, [k][8], flushed (V3), with
// +0 in columns past the last. Not here: who packs, ahead (ops/mat_mul_pack.c) or as it goes (ops/mat_mul.c).
#ifndef ISOBIT_PANELS_H
#define ISOBIT_PANELS_H
#include "strips.h"

// `columns` columns of `terms` terms from `b`, strides in elements: any transposition.
void pack_panels(const f32 *b, u32 row_stride, u32 column_stride, u32 terms, u32 columns, f32 *to);
#endif
