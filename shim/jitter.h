/* The jitter loop: reads the counter back to back and keeps what lies between. Part of vdso.c. */

/* Where things are in the caller's doubles, as in jitter/memory.ts. Times are in ticks of the counter,
   or in nanoseconds where the clock takes its place. */
enum {
  /* To be set. */
  JITTER_BY_CLOCK,  /* 1: CLOCK_MONOTONIC in place of the counter */
  JITTER_THRESHOLD, /* what is longer is a gap */
  JITTER_TICKS,     /* how long to run, */
  JITTER_NS,        /* at most */
  /* Of one run: written at its end. */
  JITTER_START,    /* vdso_ticks_sample(): the counter, CLOCK_MONOTONIC_RAW */
  JITTER_END = 6,
  JITTER_NOW = 8,  /* CLOCK_MONOTONIC at the start */
  JITTER_ELAPSED,
  JITTER_READINGS,
  JITTER_GAPS,
  JITTER_LOST,     /* the sum of the gaps */
  JITTER_BLIND,    /* what it took to write them down, when nothing was watched */
  JITTER_BACKWARDS, /* how often the counter was behind what it had been */
  JITTER_MOVES,
  JITTER_CPU,      /* at the end */
  /* Of all runs: how many gaps there were of each length. */
  JITTER_COUNTS,

  /* 128 buckets for each power of two, so that a bucket is narrower than 0.8 % of what is in it. */
  JITTER_SUB_BITS = 7,
  JITTER_BITS = 48, /* some hours: what is longer is in the last bucket */
  JITTER_BUCKETS = (JITTER_BITS - JITTER_SUB_BITS + 1) << JITTER_SUB_BITS,

  /* The longest gaps, as many as there is room for, in no order; 0 where there is none yet. */
  JITTER_WORST = JITTER_COUNTS + JITTER_BUCKETS,
  WORST_TICKS = 0,
  WORST_AT,   /* its end, since the start */
  WORST_FROM, /* the CPU before it, as far as that is known */
  WORST_CPU,  /* and after it */
  WORST_SIZE,
};
/* Readings between two looks at CLOCK_MONOTONIC, so that a counter which stands still or jumps back
   cannot make the loop endless: about a millisecond. */
#define JITTER_LOOK 65535
#define JITTER_LONGEST 60e9

static unsigned jitter_bucket(uint64_t ticks) {
  const uint64_t last = (UINT64_C(1) << JITTER_BITS) - 1;
  if (ticks > last) ticks = last;
  int shift = 63 - JITTER_SUB_BITS - __builtin_clzll(ticks | 1 << JITTER_SUB_BITS);
  return ((unsigned)shift << JITTER_SUB_BITS) + (unsigned)(ticks >> shift);
}

#define NOINLINE __attribute__((noinline)) /* for the size: these are called now and then */
static NOINLINE int64_t jitter_clock(void) { return clock_integer(CLOCK_MONOTONIC); }
static NOINLINE int jitter_cpu(void) { return cpu_number(); }

/* Signed: what the counter goes back by is then below 0. */
INLINE int64_t jitter_read(int by_clock) {
  return by_clock ? jitter_clock() : (int64_t)read_counter();
}

static double *least_of(double *worst, int count) {
  double *least = worst;
  for (int i = 1; i < count; i++)
    if (worst[i * WORST_SIZE] < *least) least = &worst[i * WORST_SIZE];
  return least;
}

/* Blocks its thread and uses its CPU until the time is over. Returns 0, or -EINVAL where the memory is
   too small or a number is out of range. The time that it takes to write a gap down is part of none. */
EXPORT int32_t vdso_jitter(void *memory, int32_t length) {
  double *m = memory, *worst = m + JITTER_WORST;
  int count = (length / (int)sizeof *m - JITTER_WORST) / WORST_SIZE;
  if (count < 1 || !(m[JITTER_NS] >= 0 && m[JITTER_NS] <= JITTER_LONGEST) ||
      !(m[JITTER_TICKS] >= 0 && m[JITTER_TICKS] <= 1e18) ||
      !(m[JITTER_THRESHOLD] >= 0 && m[JITTER_THRESHOLD] <= 1e18))
    return -EINVAL;
  const int by_clock = m[JITTER_BY_CLOCK] != 0;
  const int64_t threshold = (int64_t)m[JITTER_THRESHOLD], ticks = (int64_t)m[JITTER_TICKS];
  double *least = worst;
  int64_t readings = 0, gaps = 0, lost = 0, blind = 0, backwards = 0, moves = 0;
  vdso_ticks_sample(&m[JITTER_START]);
  int cpu = jitter_cpu();
  const int64_t at = jitter_clock(), deadline = at + (int64_t)m[JITTER_NS];
  m[JITTER_NOW] = (double)at;
  const int64_t start = jitter_read(by_clock);
  int64_t now = start, last = start;
  /* Also ends when the counter has gone back behind the start. */
  for (; (uint64_t)(now - start) < (uint64_t)ticks; last = now) {
    now = jitter_read(by_clock);
    int64_t gap = now - last;
    int looks = (++readings & JITTER_LOOK) == 0;
    if (LIKELY((uint64_t)gap <= (uint64_t)threshold && !looks)) continue;
    int64_t noticed = now;
    if (gap < 0) {
      backwards++;
    } else if (gap > threshold) {
      int here = jitter_cpu();
      gaps++, lost += gap, moves += here != cpu;
      m[JITTER_COUNTS + jitter_bucket((uint64_t)gap)]++;
      if ((double)gap > least[WORST_TICKS]) {
        least[WORST_TICKS] = (double)gap;
        least[WORST_AT] = (double)(now - start);
        least[WORST_FROM] = cpu;
        least[WORST_CPU] = here;
        least = least_of(worst, count);
      }
      cpu = here;
    }
    if (looks && jitter_clock() >= deadline) break;
    now = jitter_read(by_clock);
    blind += now - noticed;
  }
  vdso_ticks_sample(&m[JITTER_END]);
  m[JITTER_ELAPSED] = (double)(now - start);
  m[JITTER_READINGS] = (double)readings;
  m[JITTER_GAPS] = (double)gaps;
  m[JITTER_LOST] = (double)lost;
  m[JITTER_BLIND] = (double)blind;
  m[JITTER_BACKWARDS] = (double)backwards;
  m[JITTER_MOVES] = (double)moves;
  m[JITTER_CPU] = cpu;
  return 0;
}
