// The tree of V4 in float64 (V9): groups of 64 terms added, or multiplied, left to right; group results are
// the terms of the next level. Promises: the shape follows from the number of terms alone. Not here: reading
// terms canonically.
#ifndef ISOBIT_TREE_F64_H
#define ISOBIT_TREE_F64_H
#include "canonical.h"

#define TREE_F64_LEVELS 6 // 64^6 > 2^32 terms

// The open group of each level, and how many terms it has.
typedef struct {
  f64 group[TREE_F64_LEVELS];
  u32 count[TREE_F64_LEVELS];
  u32 product; // else sum
} TreeF64;

static inline f64 tree_f64_combine(const TreeF64 *tree, f64 a, f64 b) {
  return tree->product ? a * b : a + b;
}

static inline void tree_f64_start(TreeF64 *tree, u32 product) {
  tree->product = product;
  for (u32 level = 0; level < TREE_F64_LEVELS; level++) {
    tree->group[level] = product ? 1 : 0;
    tree->count[level] = 0;
  }
}

static inline void tree_f64_add(TreeF64 *tree, f64 term) {
  for (u32 level = 0; level < TREE_F64_LEVELS; level++) {
    tree->group[level] = tree_f64_combine(tree, tree->group[level], term);
    if (++tree->count[level] < RADIX) return;
    term = tree->group[level]; // a full group is a term of the next level
    tree->group[level] = tree->product ? 1 : 0;
    tree->count[level] = 0;
  }
}

// What is open on a level is the last term of the next one; a group of one term is the term.
static inline f64 tree_f64_total(TreeF64 *tree) {
  f64 result = tree->product ? 1 : 0;
  for (u32 level = 0, any = 0; level < TREE_F64_LEVELS; level++) {
    if (any) tree->group[level] = tree_f64_combine(tree, tree->group[level], result);
    any |= tree->count[level] > 0;
    if (any) result = tree->group[level];
  }
  return result;
}

#endif
