/* The loop that finds gaps. */
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include "say.h"
#include "shim.h"

static int32_t run_jitter(double *m, size_t length, double by_clock, double threshold, double ticks,
                          double ns) {
  m[0] = by_clock, m[1] = threshold, m[2] = ticks, m[3] = ns;
  return vdso_jitter(m, (int32_t)length);
}

/* Where things are: shim/jitter.h. */
void say_jitter(void) {
  enum { ELAPSED = 9, READINGS, GAPS, LOST, BLIND, COUNTS = 17, BUCKETS = 5376, WORST = 2 };
  enum { LENGTH = COUNTS + BUCKETS + 4 * WORST };
  static double m[LENGTH + 1];
  const size_t size = LENGTH * sizeof *m;
  m[LENGTH] = -1;
  double *worst = m + COUNTS + BUCKETS;
  vdso_ticks_frequency();
  /* By the counter, and with CLOCK_MONOTONIC in its place; ended by the length in ticks, and in
     time. */
  for (int by_clock = 0; by_clock < 2; by_clock++) {
    double counts = 0, before = m[COUNTS + BUCKETS - 1];
    memset(m, 0, size);
    int64_t start = libc_time(CLOCK_MONOTONIC);
    say("jitter", run_jitter(m, size, by_clock, 0, 3e6, 1e9));
    for (int i = 0; i < BUCKETS; i++) counts += m[COUNTS + i];
    say("jitter.counts", counts == m[GAPS] && counts > 0 && counts <= m[READINGS] && before == 0);
    say("jitter.times", m[LOST] + m[BLIND] <= m[ELAPSED] && m[ELAPSED] >= 3e6);
    say("jitter.start", start <= m[8] && m[8] <= libc_time(CLOCK_MONOTONIC));
    /* On a busy machine one gap may be all of the time. */
    const int both = (worst[0] > 0) + (worst[4] > 0) == (m[GAPS] < 2 ? m[GAPS] : 2);
    say("jitter.worst", both && worst[1] <= m[ELAPSED] && worst[3] >= 0);
    say("jitter.end", run_jitter(m, size, by_clock, 1e18, 1e18, 3e6));
    int64_t end = libc_time(CLOCK_MONOTONIC);
    say("jitter.time", m[8] + 3e6 <= end && m[GAPS] == 0);
  }
  say("jitter.none", run_jitter(m, size, 0, 0, 0, 0));
  say("jitter.readings", (int64_t)m[READINGS]);
  say("jitter.beyond", (int64_t)m[LENGTH]);
  say("jitter.small", run_jitter(m, size - 4 * WORST * sizeof *m, 0, 0, 1, 1));
  say("jitter.small", vdso_jitter(NULL, 0));
  say("jitter.small", vdso_jitter(NULL, INT_MIN));
  static const double bad[] = {-1, 1e19, NAN};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    say("jitter.bad", run_jitter(m, size, 0, bad[i], 1, 1));
    say("jitter.bad", run_jitter(m, size, 0, 1, bad[i], 1));
    say("jitter.bad", run_jitter(m, size, 0, 1, 1, bad[i]));
  }
}
