/* The loops that measure calls. */
#include <limits.h>
#include <math.h>
#include <time.h>
#include "say.h"
#include "shim.h"

/* Of one call, in the round that nothing else disturbed. */
static int64_t least_cost(int32_t by_syscall) {
  enum { ROUNDS = 31, CALLS = 500 };
  double least = INFINITY;
  for (int i = 0; i < ROUNDS; i++) {
    double ns = vdso_loop(by_syscall, CLOCK_MONOTONIC, CALLS);
    if (ns < least) least = ns;
  }
  return (int64_t)(least / CALLS);
}

void say_loops(void) {
  say("loop_entry", vdso_loop(0, CLOCK_MONOTONIC, 1000) > 0);
  say("loop_entry.none", vdso_loop(0, CLOCK_MONOTONIC, 0) >= 0);
  say("loop_entry.negative", vdso_loop(0, CLOCK_MONOTONIC, INT_MIN) >= 0);
  say("loop_entry.bad", isnan(vdso_loop(0, 12, 1)));
  say("loop_syscall", vdso_loop(1, CLOCK_MONOTONIC, 1000) > 0);
  say("loop_syscall.bad", isnan(vdso_loop(1, 12, 1)));
  say("cost.entry", least_cost(0));
  say("cost.syscall", least_cost(1));
}

void say_entry_loops(int32_t entries) {
  for (int32_t by_syscall = 0; by_syscall < 2; by_syscall++)
    for (int32_t entry = -1; entry < entries; entry++)
      say("entry_loop", vdso_entry_loop(by_syscall, entry, 1000) > 0);
  say("entry_loop.none", vdso_entry_loop(0, -1, INT_MIN) >= 0);
}
