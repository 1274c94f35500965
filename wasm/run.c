// Executes a command list: the planned dispatches of a model, one call for each stretch (R4: any split of
// the work gives the same bits, so where a slice ends is free to depend on the clock, and who computes a unit
// on whoever has time). Promises: commands run in order; the cursor says where to go on. Not here: planning,
// memory, threads (team.c).
#include "team.h"

typedef struct {
  u32 command, unit; // where to go on
} Cursor;

#define DONE 0
#define LEFT 1
#define FAILED 2

// Runs until about `budget` multiply-adds are done (0: until the end), with the helpers of `team` where there
// is one.
__attribute__((export_name("run_commands"), used)) u32 run_commands(const Command *list, u32 n,
                                                                    Cursor *cursor, f64 budget, Team *team) {
  f64 left = budget;
  while (cursor->command < n) {
    const Command *c = &list[cursor->command];
    const u32 begin = cursor->unit;
    u32 end = c->units;
    if (budget > 0) {
      if (left <= 0) return LEFT;
      const f64 affordable = left / (f64)(c->unit_cost + 1) + 1;
      if (affordable < (f64)(end - begin)) end = begin + (u32)affordable;
      left -= (f64)(end - begin) * (f64)(c->unit_cost + 1);
    }
    if (team != 0 && team_is_worth(team, c, end - begin)) {
      if (team_run(team, c, begin, end)) return FAILED;
    } else if (begin < end) {
      c->kernel(c->params, c->in, c->out, begin, end, c->scratch);
    }
    cursor->unit = end;
    if (end >= c->units) {
      cursor->command++;
      cursor->unit = 0;
    }
  }
  return DONE;
}
