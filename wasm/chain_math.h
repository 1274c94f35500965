// Steps of element-wise chains that are functions of math.h: what they share with the other steps
// (chain_steps.h), here for those in the core and those in the module `functions` (chain_functions.c).
#ifndef ISOBIT_CHAIN_MATH_H
#define ISOBIT_CHAIN_MATH_H
#include "chain.h"
#include "math/math.h"

typedef union {
  u32 u[CHAIN_BLOCK];
  f32 f[CHAIN_BLOCK];
  v128_t v[CHAIN_BLOCK / 4];
} Register;

// Steps run over whole vectors: lanes past the block's end are computed on whatever the register holds and
// never stored to the output. Every step is a function in a table, so that engines compile each on its own.
typedef void Step(const ChainOperand *o, u32 *to, u32 n);

// An operand as a block of its own, where it is one vector for all.
static const u32 *block(const ChainOperand *o, Register *own, u32 n) {
  if (o->step != 0) return o->at;
  const v128_t word = wasm_v128_load(o->at);
  for (u32 i = 0; i < n; i += 4) wasm_v128_store(own->u + i, word);
  return own->u;
}

// The functions of math.h read and store canonically, and want their operands as blocks.
#define MATH_1(name)                                                                                         \
  void step_##name(const ChainOperand *o, u32 *to, u32 n) {                                                  \
    Register x;                                                                                              \
    name##_block((const f32 *)block(o, &x, n), (f32 *)to, n);                                                \
  }

#endif
