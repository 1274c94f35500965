// The summation tree of V4 above the group of 64 terms: what happens to the sums of finished groups.
// Level 0 is the group being added in registers; level j + 1 adds the finished sums of level j, 64 of them a
// group, each group from +0 in index order. The levels form a counter of base 64: before the sum of group g
// is added to level 1, every level whose group of 64 is full moves one up. Starting a level with its first
// term in place of +0 + term, and adding an empty level's +0, change at most the sign of a zero, which the
// canonical store at the end removes.
// Not here: the terms themselves (tile.h, ops) and canonical stores (canonical.h).
#ifndef ISOBIT_TREE_H
#define ISOBIT_TREE_H
#include "canonical.h"

// Fewer than 2^32 terms are at most 2^26 groups: five levels above the registers hold 64^5 = 2^30.
#define TREE_LEVELS 5u

typedef struct {
  u32 top;
  f32 level[TREE_LEVELS];
} Tree;

// Before group `group` (counted from 0, a multiple of 64, not 0): moves the full levels up.
static inline void tree_carry(Tree *tree, u32 group) {
  u32 j = 0;
  do {
    if (j == tree->top) {
      tree->top = j + 1;
      tree->level[j + 1] = tree->level[j];
    } else {
      tree->level[j + 1] += tree->level[j];
    }
    tree->level[j++] = 0.0f;
    group /= RADIX;
  } while (group % RADIX == 0);
}

// Adds the sum of group `group`; groups come in order from 0.
static inline void tree_add(Tree *tree, u32 group, f32 sum) {
  if (group == 0) {
    tree->top = 0;
    tree->level[0] = sum;
    return;
  }
  if (group % RADIX == 0) tree_carry(tree, group);
  tree->level[0] += sum;
}

// The sum of all groups; `tree` must have got at least one.
static inline f32 tree_total(const Tree *tree) {
  f32 sum = tree->level[0];
  for (u32 j = 1; j <= tree->top; j++) sum = tree->level[j] + sum;
  return sum;
}

#ifdef __wasm_simd128__
// The same for `n` vectors at once; level j is level[j * n .. j * n + n). Returns the new top. Rare, hence no
// part of the loops that call it.
static inline __attribute__((noinline)) u32 tree_carry_x4(v128_t *level, u32 n, u32 top, u32 group) {
  u32 j = 0;
  do {
    v128_t *from = level + j * n, *to = from + n;
    for (u32 i = 0; i < n; i++) {
      to[i] = j == top ? from[i] : wasm_f32x4_add(to[i], from[i]);
      from[i] = wasm_f32x4_splat(0.0f);
    }
    if (j == top) top = j + 1;
    group /= RADIX;
    j++;
  } while (group % RADIX == 0);
  return top;
}
#endif
#endif
