// Which steps of a planned chain become one: patterns of neighbouring steps, each of whose results in between
// has the next of them as its only reader. Promises: a joined step gives the words of its steps one by one
// (R5; chain_joined.h and chain_quantise.h hold what is run). Not here: loads and their kinds (chain.c).
#ifndef ISOBIT_CHAIN_JOIN_H
#define ISOBIT_CHAIN_JOIN_H
#include "chain_joined.h"
#include "chain_quantise.h"

typedef struct chain_step ChainStep;

// Whether a step from `s` on, or the end, reads the result of a step before it that lies in register `reg`.
static int is_read(const ChainPlan *plan, u32 s, u32 reg) {
  for (; s < plan->n_steps; s++) {
    const ChainStep *p = &plan->steps[s];
    for (u32 k = 0; k < p->n_operands; k++)
      if (p->operands[k] == reg) return 1;
    if (p->to == reg) return 0;
  }
  return plan->result == reg;
}

// Whether the step behind `s` is an `op` that is all that reads the result of step `s`, as its operand k
// alone.
static int leads_to(const ChainPlan *plan, u32 s, u32 op, u32 k) {
  if (s + 1 >= plan->n_steps) return 0;
  const ChainStep *p = &plan->steps[s], *next = p + 1;
  if (next->op != op || next->operands[k] != p->to) return 0;
  if (next->n_operands == 2 && next->operands[1 - k] == p->to) return 0;
  return next->to == p->to || !is_read(plan, s + 2, p->to);
}

// Joins the product at `s` with the sum behind it, and with what is behind that. Returns the steps it
// replaced.
static u32 join_product(const ChainPlan *plan, u32 s, ChainStep *one) {
  const ChainStep *product = &plan->steps[s], *sum = product + 1, *then = product + 2;
  if (product->op != CHAIN_mul_f32) return 0;
  const u32 first = leads_to(plan, s, CHAIN_add_f32, 0);
  if (!first && !leads_to(plan, s, CHAIN_add_f32, 1)) return 0;
  *one = *sum;
  one->run = joined[0][ALONE];
  one->n_operands = 3;
  one->operands[0] = product->operands[0];
  one->operands[1] = product->operands[1];
  one->operands[2] = sum->operands[first];
  const int relu = leads_to(plan, s + 1, CHAIN_relu_f32, 0);
  if (!relu && !leads_to(plan, s + 1, CHAIN_prelu_f32, 0)) return 2;
  one->run = joined[0][relu ? THEN_RELU : THEN_PRELU];
  one->to = then->to;
  if (!relu) one->operands[one->n_operands++] = then->operands[1];
  return 3;
}

// Joins the quotient at `s` with its rounding, its zero point and its saturation to a byte.
static u32 join_quotient(ChainPlan *plan, u32 s, ChainStep *one) {
  if (plan->steps[s].op != CHAIN_div_f32 || !leads_to(plan, s, CHAIN_round_i32, 0)) return 0;
  *one = plan->steps[s];
  u32 last = s + 1;
  const int moves = leads_to(plan, last, CHAIN_add_i32, 0);
  if (moves) {
    last++;
    one->operands[one->n_operands++] = plan->steps[last].operands[1];
  }
  int is_signed = 0;
  if (leads_to(plan, last, CHAIN_clamp_u8, 0)) {
    last++;
  } else if (leads_to(plan, last, CHAIN_clamp_i8, 0) && leads_to(plan, last + 1, CHAIN_low_8, 0)) {
    last += 2;
    is_signed = 1;
  } else {
    return 0;
  }
  const int bytes = last + 1 == plan->n_steps && plan->chain->output_bytes == 1;
  plan->stores_bytes = (u32)bytes;
  one->run = quantised[bytes][moves][is_signed];
  one->to = plan->steps[last].to;
  return last + 1 - s;
}

// A joined product that alone reads the seed as a float converts it itself: the step that did, one of the
// first n, is taken out. `next` is the step behind it of those that are not joined yet. Returns what n is
// now.
static u32 take_seed(ChainPlan *plan, u32 n, u32 next, ChainStep *one) {
  for (u32 k = 0; k < 2; k++) {
    const u32 reg = one->operands[k];
    u32 at = n;
    while (at > 0 && plan->steps[at - 1].to != reg) at--;
    if (at-- == 0) continue;
    const ChainStep *p = &plan->steps[at];
    if (p->op != CHAIN_i32_to_f32 || p->operands[0] != SLOT_SEED) continue;
    u32 readers = one->to != reg && is_read(plan, next, reg);
    for (u32 s = at + 1; s < n; s++)
      for (u32 o = 0; o < plan->steps[s].n_operands; o++) readers += plan->steps[s].operands[o] == reg;
    for (u32 o = 0; o < one->n_operands; o++) readers += one->operands[o] == reg;
    if (readers != 1) continue;
    one->operands[k] = one->operands[0];
    one->operands[0] = SLOT_SEED;
    for (u32 then = 0; then < 3; then++)
      if (one->run == joined[0][then]) {
        one->run = joined[1][then];
        break;
      }
    for (; at + 1 < n; at++) plan->steps[at] = plan->steps[at + 1];
    return n - 1;
  }
  return n;
}

static void chain_join(ChainPlan *plan) {
  u32 n = 0;
  for (u32 s = 0; s < plan->n_steps; n++) {
    ChainStep one;
    u32 taken = join_product(plan, s, &one);
    if (taken != 0)
      n = take_seed(plan, n, s + taken, &one);
    else
      taken = join_quotient(plan, s, &one);
    plan->steps[n] = taken != 0 ? one : plan->steps[s]; // n <= s: nothing that is still to be read
    s += taken != 0 ? taken : 1;
  }
  plan->n_steps = n;
}

#endif
