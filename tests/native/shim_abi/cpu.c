/* The CPU that runs this, its counter, and the CPUs that may. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include "say.h"
#include "shim.h"

/* Pinned to each CPU that there is in turn. */
void say_getcpu(void) {
  cpu_set_t all, one;
  int wrong = 0;
  if (sched_getaffinity(0, sizeof all, &all) != 0) abort();
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &all)) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) abort();
    if ((uint32_t)(uint64_t)vdso_getcpu() != (uint32_t)cpu) wrong++;
    if (vdso_cpu() != cpu) wrong++;
    if (vdso_syscall(GETCPU, 0) != (int64_t)vdso_getcpu()) wrong++;
  }
  sched_setaffinity(0, sizeof all, &all);
  say("getcpu.wrong", wrong);
}

void say_ticks(void) {
  double hz = vdso_ticks_frequency(); /* fixes the origin */
  double sample[2], first = vdso_ticks(), last = vdso_ticks();
  vdso_ticks_sample(sample);
  say("ticks", 0 <= first && first <= last && last < sample[0] && sample[0] < vdso_ticks());
  int64_t raw = libc_time(CLOCK_MONOTONIC_RAW);
  say("ticks.sample", raw - 1000000000 < sample[1] && sample[1] <= raw);
  say("ticks.frequency", hz == 0 || hz > 1e6);
  double costs[4] = {0, 0, 0, -1};
  vdso_ticks_costs(costs);
  say("ticks.costs", costs[0] >= 0 && costs[1] > 0 && costs[2] > 0 && costs[2] < 1e12 &&
                       costs[3] == -1);
}

void say_affinity(void) {
  uint64_t before[16] = {0}, after[16] = {0};
  int32_t bytes = vdso_affinity(0, before, sizeof before);
  say("affinity", bytes > 0 && vdso_affinity(1, before, bytes) == 0);
  say("affinity.equal", vdso_affinity(0, after, sizeof after) == bytes && before[0] == after[0]);
  say("affinity.null", vdso_affinity(0, NULL, sizeof before));
}
