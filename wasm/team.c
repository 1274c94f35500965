// A leader and its helpers (team.h). The leader opens the gate for a command; helpers that see it open join,
// take units as they need them, and leave; the leader closes it when no units are left and waits for those
// inside. Everything is sequentially consistent: who joins sees what was written before the gate opened, and
// the leader sees what helpers wrote before they left.
#include "team.h"

#define JOINED 0xffu
#define OPEN 0x100u
#define EPOCH 0x200u

// What is taken at a time is a share of what is left, but no less than this.
#define LEAST_COST 16384
// Turns of a loop before a thread sleeps.
#define SPIN 65536
// The leader looks again after this, so that no lost call can stop it.
#define NANOSECONDS 1000000

#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_SEQ_CST)
#define STORE(word, x) __atomic_store_n(&(word), x, __ATOMIC_SEQ_CST)
#define ADD(word, x) __atomic_fetch_add(&(word), x, __ATOMIC_SEQ_CST)

#ifdef __wasm_atomics__
#define SLEEP(word, seen, nanoseconds)                                                                       \
  __builtin_wasm_memory_atomic_wait32((int *)&(word), (int)(seen), nanoseconds)
#define WAKE(word) __builtin_wasm_memory_atomic_notify((int *)&(word), ~0u)
#define PAGES() __builtin_wasm_memory_size(0)
#else
#define SLEEP(word, seen, nanoseconds) UNUSED(seen)
#define WAKE(word) UNUSED(word)
#define PAGES() ~0u
#endif

int team_is_worth(const Team *team, const Command *command, u32 units) {
  return LOAD(team->helpers) != 0 && units > 1 && command->alone == 0 &&
         (f64)units * (f64)(command->unit_cost + 1) >= (f64)team->worth;
}

// Takes units and computes them until none are left: large parts first and small ones last, so that all end
// together.
static void work(Team *team, void *scratch) {
  const Command *c = team->command;
  const u32 end = team->end, parts = 2 * (LOAD(team->helpers) + 1);
  u32 begin = LOAD(team->next);
  while (begin < end) {
    const u32 left = end - begin;
    u32 take = left / parts > team->least ? left / parts : team->least;
    if (take > left) take = left;
    // Where another was faster, `begin` becomes what it left.
    if (!__atomic_compare_exchange_n(&team->next, &begin, begin + take, 0, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
      continue;
    c->kernel(c->params, c->in, c->out, begin, begin + take, scratch);
    begin = LOAD(team->next);
  }
}

static void wait_for_helpers(Team *team, u32 joined) {
  for (u32 spin = 0; LOAD(team->left) != joined; spin++) {
    if (spin < SPIN || team->may_sleep == 0) continue;
    STORE(team->leader_asleep, 1);
    const u32 left = LOAD(team->left);
    if (left != joined) SLEEP(team->left, left, NANOSECONDS);
    STORE(team->leader_asleep, 0);
  }
}

u32 team_run(Team *team, const Command *command, u32 begin, u32 end) {
  const u32 least = LEAST_COST / (command->unit_cost + 1);
  team->command = command;
  team->end = end;
  team->least = least == 0 ? 1 : least;
  STORE(team->left, 0);
  STORE(team->next, begin);
  STORE(team->gate, (LOAD(team->gate) & ~(OPEN | JOINED)) + (EPOCH | OPEN));
  // A helper that falls asleep says so before it looks at the gate again: it is seen here, or sees the gate.
  if (LOAD(team->asleep) != 0) WAKE(team->gate);
  work(team, command->scratch);
  wait_for_helpers(team, __atomic_fetch_and(&team->gate, ~OPEN, __ATOMIC_SEQ_CST) & JOINED);
  return __atomic_exchange_n(&team->failed, 0, __ATOMIC_SEQ_CST) != 0;
}

static void leave(Team *team) {
  ADD(team->left, 1);
  if (LOAD(team->leader_asleep) != 0) WAKE(team->left);
}

// The first thing that a helper does.
__attribute__((export_name("team_enter"), used)) void team_enter(Team *team) { ADD(team->helpers, 1); }

// What a helper does from then on; `number` is 1 for the first. Returns only where the memory has grown and
// this instance does not know yet: its engine learns of that outside. A kernel that traps ends it, too: see
// team_fail.
__attribute__((export_name("team_join"), used)) void team_join(Team *team, u32 number) {
  u32 seen = LOAD(team->gate) & ~(EPOCH - 1);
  for (u32 spin = 0;;) {
    u32 gate = LOAD(team->gate);
    if (!(gate & OPEN) || (gate & ~(EPOCH - 1)) == seen) {
      if (++spin < SPIN) continue;
      ADD(team->asleep, 1);
      if (LOAD(team->gate) == gate) SLEEP(team->gate, gate, -1);
      ADD(team->asleep, ~0u);
      spin = 0;
      continue;
    }
    if (PAGES() < team->pages) return;
    if (!__atomic_compare_exchange_n(&team->gate, &gate, gate + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      continue;
    seen = gate & ~(EPOCH - 1);
    const Command *c = team->command;
    work(team, (u8 *)c->scratch + (u64)number * team->scratch_bytes);
    leave(team);
    spin = 0;
  }
}

// After a trap, which leaves the helper among those that joined.
__attribute__((export_name("team_fail"), used)) void team_fail(Team *team) {
  ADD(team->failed, 1);
  leave(team);
}
