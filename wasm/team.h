// Several threads on one command: a leader, which runs the command list, and helpers, which come and go. Each
// is an instance of this module on one shared memory. Promises: units are handed out whole and once, so that
// any number of helpers, none among them, gives the same bits (R4); a helper that is late is not waited for.
// Not here: who starts them.
#ifndef ISOBIT_TEAM_H
#define ISOBIT_TEAM_H
#include "command.h"

// What src/backends/wasm/team.ts reads and writes comes first. Words that many threads change have cache
// lines of their own.
typedef struct {
  u32 helpers;       // that have started
  u32 pages;         // of memory, as the leader knows it
  u32 scratch_bytes; // of one helper, behind the leader's
  u32 may_sleep;     // 0: the leader may not (the main thread of a page)
  u32 worth;         // commands of fewer multiply-adds are the leader's alone
  u32 failed;        // helpers that a kernel ended
  const Command *command;
  u32 end, least;
  _Alignas(
      64) u32 gate; // EPOCH * commands so far + OPEN while there are units to take + helpers that have joined
  u32 asleep;       // helpers that wait for it to open
  _Alignas(64) u32 next; // the first unit that nobody has taken
  _Alignas(64) u32 left; // helpers that have joined and are done; the leader sleeps on it
  u32 leader_asleep;
} Team;
_Static_assert(sizeof(Team) % 64 == 0 && sizeof(Team) <= 256,
               "src/backends/wasm/team.ts allocates 256 bytes");

// Whether a command of so many units is worth waking others.
int team_is_worth(const Team *team, const Command *command, u32 units);
// Computes the units [begin, end) of a command. Returns 1 if a helper failed: then some were not computed.
u32 team_run(Team *team, const Command *command, u32 begin, u32 end);

#endif
