// A planned dispatch as the core executes it: what src/backends/wasm/commands.ts writes, word by word. Not
// here: what executes them (run.c on one thread, team.c on several).
#ifndef ISOBIT_COMMAND_H
#define ISOBIT_COMMAND_H
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
  u8 *scratch; // of the leader; each helper has its own behind it (team.h)
  u32 alone;   // not 0: the kernel is none of the core's, and only the instance that was told of it has it
} Command;

#endif
