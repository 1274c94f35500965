// Executes a command list: the planned dispatches of a model, one call for each stretch (R4: any split of
// the work gives the same bits, so where a slice ends is free to depend on the clock).
// Promises: commands run in order; the cursor says where to go on. Not here: planning, memory.
#include "repro.h"

typedef void (*Kernel)(const void *restrict params, const void *const *restrict in, void *const *restrict out,
                       u32 begin, u32 end, void *restrict scratch);

typedef struct {
  Kernel kernel;
  u32 units;     // work units of the dispatch
  u32 unit_cost; // rough cost of a unit, in multiply-adds
  const void *params;
  const void *const *in;
  void *const *out;
  void *scratch;
  u32 pad;
} Command;

typedef struct {
  u32 command, unit; // where to go on
} Cursor;

// Runs until about `budget` multiply-adds are done (0: until the end). Returns 1 if commands are left.
__attribute__((export_name("run_commands"), used)) u32 run_commands(const Command *list, u32 n,
                                                                    Cursor *cursor, f64 budget) {
  f64 left = budget;
  while (cursor->command < n) {
    const Command *c = &list[cursor->command];
    u32 end = c->units;
    if (budget > 0) {
      if (left <= 0) return 1;
      const f64 affordable = left / (f64)(c->unit_cost + 1) + 1;
      if (affordable < (f64)(end - cursor->unit)) end = cursor->unit + (u32)affordable;
      left -= (f64)(end - cursor->unit) * (f64)(c->unit_cost + 1);
    }
    if (cursor->unit < end) c->kernel(c->params, c->in, c->out, cursor->unit, end, c->scratch);
    cursor->unit = end;
    if (end >= c->units) {
      cursor->command++;
      cursor->unit = 0;
    }
  }
  return 0;
}
