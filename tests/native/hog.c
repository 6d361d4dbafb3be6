/*
 * hog CPU BUSY_US PERIOD_US COUNT
 *
 * Takes a CPU away from whoever has it, in real time (SCHED_FIFO): COUNT times, or for ever where that
 * is 0, it is busy for BUSY_US, PERIOD_US apart on average. They are apart by chance, half to one and a
 * half of that: nothing can be in step with them. Prints, after the last one, for each time the moments
 * when it should have begun, began and ended, in nanoseconds of CLOCK_MONOTONIC.
 *
 * Exit status 3 where it may not do so.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  const int64_t busy = atoll(argv[2]) * 1000, period = atoll(argv[3]) * 1000, count = atoll(argv[4]);
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(atoi(argv[1]), &cpu);
  const struct sched_param priority = {.sched_priority = 50};
  if (sched_setaffinity(0, sizeof cpu, &cpu) != 0 || sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
    return 3;
  int64_t(*times)[3] = calloc((size_t)count + 1, sizeof *times);
  int64_t next = now() + period;
  for (int64_t i = 0; count == 0 || i < count; i++) {
    const struct timespec wake = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
    int64_t start = now(), end = start;
    while (end - start < busy) end = now();
    if (count) times[i][0] = next, times[i][1] = start, times[i][2] = end;
    next += period / 2 + (int64_t)(drand48() * (double)period);
  }
  for (int64_t i = 0; i < count; i++)
    printf("%lld %lld %lld\n", (long long)times[i][0], (long long)times[i][1], (long long)times[i][2]);
  return 0;
}
