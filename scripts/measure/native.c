/*
 * Native C, what JavaScript is held against: the same clocks through libc, each converted to a
 * double; the CPU's number, the bare counter, random bytes. Built with gcc -O2.
 *
 * Says on the first line what it has; then for each line "NAME CALLS" on standard input it makes so
 * many calls in one loop and answers with the nanoseconds that they took: one batch at a time, so
 * that the benchmark can take turns between this and JavaScript.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>
#include <time.h>

static inline double nanoseconds(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) != 0) exit(1);
  return (double)(t.tv_sec * 1000000000LL + t.tv_nsec);
}

static inline double microseconds(void) {
  struct timeval t;
  if (gettimeofday(&t, NULL) != 0) exit(1);
  return (double)(t.tv_sec * 1000000LL + t.tv_usec);
}

/* A system call before glibc 2.41, and in musl. */
static inline double random_bytes(size_t length) {
  static unsigned char buffer[1024];
  if (getrandom(buffer, length, 0) != (ssize_t)length) exit(1);
  return buffer[0];
}

#if defined(__x86_64__)
static inline uint64_t counter(void) { return __builtin_ia32_rdtsc(); }
#elif defined(__aarch64__)
static inline uint64_t counter(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
  return value;
}
#endif

/* A loop for each, so that the compiler sees what is called. */
#define LOOP(name, type, call)                    \
  static double loop_##name(long calls) {         \
    type sum = 0;                                 \
    for (long i = 0; i < calls; i++) sum += call; \
    return (double)sum;                           \
  }

LOOP(native, double, nanoseconds(CLOCK_MONOTONIC))
LOOP(nativeRaw, double, nanoseconds(CLOCK_MONOTONIC_RAW))
LOOP(nativeCoarse, double, nanoseconds(CLOCK_MONOTONIC_COARSE))
LOOP(nativeBoot, double, nanoseconds(CLOCK_BOOTTIME))
LOOP(nativeRealtime, double, nanoseconds(CLOCK_REALTIME))
LOOP(nativeThreadCpu, double, nanoseconds(CLOCK_THREAD_CPUTIME_ID))
LOOP(nativeProcessCpu, double, nanoseconds(CLOCK_PROCESS_CPUTIME_ID))
LOOP(nativeGettimeofday, double, microseconds())
LOOP(nativeTime, double, (double)time(NULL))
LOOP(nativeCpu, double, sched_getcpu())
LOOP(nativeRandom4, double, random_bytes(4))
LOOP(nativeRandom16, double, random_bytes(16))
LOOP(nativeRandom1k, double, random_bytes(1024))
#if defined(__x86_64__) || defined(__aarch64__)
LOOP(nativeCounter, uint64_t, counter())
#endif

#define ENTRY(name) { #name, loop_##name }

static const struct {
  const char *name;
  double (*loop)(long calls);
} loops[] = {
  ENTRY(native), ENTRY(nativeRaw), ENTRY(nativeCoarse), ENTRY(nativeBoot), ENTRY(nativeRealtime),
  ENTRY(nativeThreadCpu), ENTRY(nativeProcessCpu), ENTRY(nativeGettimeofday), ENTRY(nativeTime),
  ENTRY(nativeCpu), ENTRY(nativeRandom4), ENTRY(nativeRandom16), ENTRY(nativeRandom1k),
#if defined(__x86_64__) || defined(__aarch64__)
  ENTRY(nativeCounter),
#endif
};
enum { LOOPS = sizeof loops / sizeof loops[0] };

int main(void) {
  char line[64];
  volatile double sink; /* what nobody reads, the compiler may leave out */
  for (int i = 0; i < LOOPS; i++) printf("%s%s", i ? " " : "", loops[i].name);
  puts("");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    char *space = strchr(line, ' ');
    if (!space) return 1;
    *space = 0;
    long calls = strtol(space + 1, NULL, 10);
    int i = 0;
    while (i < LOOPS && strcmp(loops[i].name, line) != 0) i++;
    if (i == LOOPS) {
      fprintf(stderr, "Expected one of my loops, got %s\n", line);
      return 1;
    }
    double start = nanoseconds(CLOCK_MONOTONIC);
    sink = loops[i].loop(calls);
    double end = nanoseconds(CLOCK_MONOTONIC);
    printf("%.0f\n", end - start);
    fflush(stdout);
  }
  (void)sink;
  return 0;
}
