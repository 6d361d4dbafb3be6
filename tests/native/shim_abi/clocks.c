/* The clocks, and what else tells the time of day. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include "say.h"
#include "shim.h"

#define SAY_TIME(what, clock, call)                                                           \
  do {                                                                                        \
    int64_t before = libc_time(clock), time = (int64_t)(call), after = libc_time(clock);      \
    say(what, before <= time && time <= after);                                               \
  } while (0)

/* Each is later than the one before, and so it may be ahead of the clock by a nanosecond each. */
static void say_timestamps(void) {
  enum { TIMES = 1000 };
  int64_t before = libc_time(CLOCK_REALTIME), first = vdso_timestamp(), last = first;
  int wrong = 0;
  for (int i = 1; i < TIMES; i++) {
    int64_t next = vdso_timestamp();
    wrong += next <= last;
    last = next;
  }
  say("timestamp", before <= first && last <= libc_time(CLOCK_REALTIME) + 2 * TIMES);
  say("timestamp.wrong", wrong);
}

void say_clocks(void) {
  SAY_TIME("now", CLOCK_MONOTONIC, vdso_now());
  SAY_TIME("clock", CLOCK_MONOTONIC_RAW, vdso_clock(CLOCK_MONOTONIC_RAW));
  say("clock.bad", isnan(vdso_clock(12)));
  SAY_TIME("clock_gettime", CLOCK_BOOTTIME, vdso_clock_gettime(CLOCK_BOOTTIME));
  SAY_TIME("syscall.clock_gettime", CLOCK_TAI, vdso_syscall(CLOCK_GETTIME, CLOCK_TAI));
  say("clock_getres", vdso_clock_getres(CLOCK_MONOTONIC));
  say("syscall.clock_getres", vdso_syscall(CLOCK_GETRES, CLOCK_MONOTONIC));
  int64_t before = libc_time(CLOCK_REALTIME) / 1000;
  int64_t time = (int64_t)vdso_gettimeofday(), again = vdso_syscall(GETTIMEOFDAY, 0);
  say("gettimeofday", before <= time && time <= again);
  say("syscall.gettimeofday", again <= libc_time(CLOCK_REALTIME) / 1000);
  int64_t seconds = libc_time(CLOCK_REALTIME_COARSE) / 1000000000;
  say("time", labs(seconds - (int64_t)vdso_time()) <= 1);
  say("syscall.time", labs(seconds - vdso_syscall(TIME, 0)) <= 1);
  say_timestamps();
  say("syscall.unknown", vdso_syscall(GETRANDOM, 0));
  say("syscall.bad", vdso_syscall(-1, 0));
  static const int32_t bad[] = {-1, INT_MIN, INT_MAX, 10, 12};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    say("clock_gettime.bad", vdso_clock_gettime(bad[i]) - INT64_MIN);
    say("clock_getres.bad", vdso_clock_getres(bad[i]) - INT64_MIN);
    say("syscall.clock_gettime.bad", vdso_syscall(CLOCK_GETTIME, bad[i]) - INT64_MIN);
    say("syscall.clock_getres.bad", vdso_syscall(CLOCK_GETRES, bad[i]) - INT64_MIN);
  }
}

/* What each entry says, between two system calls. */
void say_order(void) {
  enum { ROUNDS = 300 };
  static const clockid_t clocks[] = {
      CLOCK_REALTIME,         CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
      CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME,  CLOCK_TAI};
  int wrong = 0;
  int64_t before, time;
  for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
    for (int round = 0; round < ROUNDS; round++) {
      before = vdso_syscall(CLOCK_GETTIME, clocks[i]);
      time = vdso_clock_gettime(clocks[i]);
      wrong += before > time || time > vdso_syscall(CLOCK_GETTIME, clocks[i]);
    }
    wrong += vdso_clock_getres(clocks[i]) != vdso_syscall(CLOCK_GETRES, clocks[i]);
  }
  for (int round = 0; round < ROUNDS; round++) {
    before = vdso_syscall(GETTIMEOFDAY, 0);
    time = (int64_t)vdso_gettimeofday();
    wrong += before > time || time > vdso_syscall(GETTIMEOFDAY, 0);
    before = vdso_syscall(TIME, 0);
    time = (int64_t)vdso_time();
    wrong += before > time || time > vdso_syscall(TIME, 0);
  }
  say("order.wrong", wrong);
}

void say_normalized(void) {
  for (int32_t entry = CLOCK_GETTIME; entry <= GETTIMEOFDAY; entry++)
    say("normalized", vdso_is_normalized(entry, CLOCK_MONOTONIC));
  say("normalized.bad", vdso_is_normalized(CLOCK_GETTIME, 12));
  say("normalized.bad", vdso_is_normalized(CLOCK_GETRES, 12));
  say("normalized.unknown", vdso_is_normalized(TIME, 0));
}
