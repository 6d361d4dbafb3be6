/*
 * The shim: what JavaScript's FFI calls, and what calls the kernel's vDSO.
 *
 * Freestanding: no libc, no DT_NEEDED, one binary for glibc and musl. The only undefined symbol
 * is a weak getauxval(3), which both have. The vDSO's ELF image is parsed in TypeScript, where it
 * can be tested and fuzzed; this file copies the image out, takes offsets into it back, and calls.
 *
 * Built by scripts/build/shim.ts for each CPU that has a header in arch/.
 */
#include <stddef.h>
#include <stdint.h>

#ifndef EXPORT /* node.c exports them in another way */
#define EXPORT __attribute__((visibility("default")))
#endif
#define INLINE static inline __attribute__((always_inline))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#include ARCH_HEADER

enum {
  ENOENT = 2,
  ESRCH = 3,
  EINTR = 4,
  EAGAIN = 11,
  EFAULT = 14,
  EINVAL = 22,
  ENOSYS = 38,
  EOVERFLOW = 75,
};
enum { AT_FDCWD = -100 };
enum { AT_PAGESZ = 6, AT_SYSINFO_EHDR = 33 };
enum {
  CLOCK_REALTIME = 0,
  CLOCK_MONOTONIC = 1,
  CLOCK_MONOTONIC_RAW = 4,
  CLOCK_REALTIME_COARSE = 5,
  CLOCK_AUX = 16,
};
enum { NSEC_PER_SEC = 1000000000 };

/* The kernel's struct __kernel_timespec: two 64-bit words on every CPU. */
struct timespec {
  int64_t tv_sec;
  int64_t tv_nsec;
};

/* The kernel's struct __kernel_old_timeval: on 64-bit CPUs the same words, in microseconds. */
struct timeval {
  int64_t tv_sec;
  int64_t tv_usec;
};

extern unsigned long getauxval(unsigned long type) __attribute__((weak));

/* getauxval(3), or 0 where there is none. */
EXPORT int64_t vdso_auxval(int32_t type) {
  return getauxval ? (int64_t)getauxval((unsigned long)type) : 0;
}

/* ---- Entries: each starts out as the system call; vdso_bind() puts the vDSO's function there. ---- */

typedef int clock_fn(int clock, struct timespec *out);
typedef int gettimeofday_fn(struct timeval *out, void *timezone);
typedef int64_t time_fn(int64_t *out);
typedef int getcpu_fn(unsigned *cpu, unsigned *node, void *unused);
typedef long getrandom_fn(void *buffer, size_t length, unsigned flags, void *state, size_t size);

static int syscall_clock_gettime(int clock, struct timespec *out) {
  return (int)syscall(SYS_clock_gettime, clock, (long)out, 0);
}

static int syscall_clock_getres(int clock, struct timespec *out) {
  return (int)syscall(SYS_clock_getres, clock, (long)out, 0);
}

static int syscall_gettimeofday(struct timeval *out, void *timezone) {
  return (int)syscall(SYS_gettimeofday, (long)out, (long)timezone, 0);
}

/* Younger CPUs have no time(2): libcs ask the clock that the kernel's own takes it from. */
static int64_t syscall_time(int64_t *out) {
  (void)out;
#ifdef SYS_time
  return syscall(SYS_time, 0, 0, 0);
#else
  struct timespec t;
  int error = syscall_clock_gettime(CLOCK_REALTIME_COARSE, &t);
  return error ? error : t.tv_sec;
#endif
}

static int syscall_getcpu(unsigned *cpu, unsigned *node, void *unused) {
  return (int)syscall(SYS_getcpu, (long)cpu, (long)node, (long)unused);
}

static long syscall_getrandom(void *buffer, size_t length, unsigned flags, void *state, size_t size) {
  (void)state, (void)size;
  return syscall(SYS_getrandom, (long)buffer, (long)length, flags);
}

enum {
  ENTRY_CLOCK_GETTIME,
  ENTRY_CLOCK_GETRES,
  ENTRY_GETTIMEOFDAY,
  ENTRY_TIME,
  ENTRY_GETCPU,
  ENTRY_GETRANDOM,
  ENTRY_COUNT,
};

/* Written by any thread that binds, always with the same value, and read by all: hence atomic,
   though a relaxed load is a plain load on every CPU. */
static void *entries[ENTRY_COUNT] = {
  [ENTRY_CLOCK_GETTIME] = (void *)syscall_clock_gettime,
  [ENTRY_CLOCK_GETRES] = (void *)syscall_clock_getres,
  [ENTRY_GETTIMEOFDAY] = (void *)syscall_gettimeofday,
  [ENTRY_TIME] = (void *)syscall_time,
  [ENTRY_GETCPU] = (void *)syscall_getcpu,
  [ENTRY_GETRANDOM] = (void *)syscall_getrandom,
};

#define ENTRY(type, entry) ((type *)__atomic_load_n(&entries[entry], __ATOMIC_RELAXED))

/* ---- Clocks. ---- */

/* The kernel's -EINVAL (no such clock) is final; whatever else goes wrong inside the vDSO, the
   system call has the last word: a seccomp filter, say, that answers EPERM to the vDSO's own
   fallback but is right to do so is then reported as such. */
static __attribute__((noinline)) int after_error(int error, int clock, struct timespec *out) {
  return error == -EINVAL ? error : syscall_clock_gettime(clock, out);
}

/* Returns 0 or a negative errno. */
INLINE int read_clock(int clock, struct timespec *out) {
  int error = CALL_VDSO(ENTRY(clock_fn, ENTRY_CLOCK_GETTIME), clock, out);
  return LIKELY(error == 0) ? 0 : after_error(error, clock, out);
}

/* Linux 6.18's vDSO knows a resolution for the auxiliary clocks, even where the kernel was built
   without them: only the system call says EINVAL. */
static int read_resolution(int clock, struct timespec *out) {
  int error = -ENOSYS;
  if (clock < CLOCK_AUX) error = CALL_VDSO(ENTRY(clock_fn, ENTRY_CLOCK_GETRES), clock, out);
  if (error == 0 || error == -EINVAL) return error;
  return syscall_clock_getres(clock, out);
}

/* Nanoseconds, or INT64_MIN + errno: no clock gets anywhere near that value. */
static int64_t nanoseconds(int error, const struct timespec *t) {
  int64_t ns;
  if (UNLIKELY(error != 0)) return INT64_MIN - error;
  if (UNLIKELY(__builtin_mul_overflow(t->tv_sec, (int64_t)NSEC_PER_SEC, &ns) ||
               __builtin_add_overflow(ns, t->tv_nsec, &ns)))
    return INT64_MIN + EOVERFLOW;
  return ns;
}

/* A clock in nanoseconds, NaN where even the system call is refused. The sum is an integer until the
   end. Inlined, so that the clock of vdso_now() is a constant. */
INLINE double clock_number(int clock) {
  struct timespec t;
  if (UNLIKELY(read_clock(clock, &t) != 0)) return __builtin_nan("");
  return (double)(t.tv_sec * NSEC_PER_SEC + t.tv_nsec);
}

INLINE int64_t clock_integer(int clock) {
  struct timespec t;
  int error = read_clock(clock, &t);
  return nanoseconds(error, &t);
}

/* Double is the one type that is cheap in every runtime's FFI, both ways: an int32_t argument costs
   koffi 20 ns, and 64-bit integers are slow nearly everywhere. */
EXPORT double vdso_clock(double clock) { return clock_number((int)clock); }

/* CLOCK_MONOTONIC: even a double costs a nanosecond, and this is the function that is timed. */
EXPORT double vdso_now(void) { return clock_number(CLOCK_MONOTONIC); }

EXPORT int64_t vdso_clock_gettime(double clock) { return clock_integer((int)clock); }

EXPORT int64_t vdso_clock_getres(double clock) {
  struct timespec t;
  int error = read_resolution((int)clock, &t);
  return nanoseconds(error, &t);
}

/* Microseconds since the epoch, exact in a double until the year 2255, or a negative errno. */
static double gettimeofday_by(gettimeofday_fn *fn) {
  struct timeval t;
  int error = CALL_VDSO(fn, &t, (void *)0);
  return error ? error : (double)(t.tv_sec * 1000000 + t.tv_usec);
}

EXPORT double vdso_gettimeofday(void) {
  return gettimeofday_by(ENTRY(gettimeofday_fn, ENTRY_GETTIMEOFDAY));
}

/* Seconds since the epoch, or a negative errno. */
EXPORT double vdso_time(void) {
  return (double)CALL_VDSO(ENTRY(time_fn, ENTRY_TIME), (int64_t *)0);
}

/* ---- The CPU. ---- */

/* The CPU in the low 32 bits, its memory node above; or a negative errno. */
static double getcpu_by(getcpu_fn *fn) {
  unsigned cpu, node; /* no array: clang would read it in one load, which waits for both stores */
  int error = CALL_VDSO(fn, &cpu, &node, (void *)0);
  return error ? error : (double)((int64_t)node << 32 | cpu);
}

EXPORT double vdso_getcpu(void) { return getcpu_by(ENTRY(getcpu_fn, ENTRY_GETCPU)); }

/* The CPU alone, or a negative errno: a nanosecond cheaper, since the node is neither stored nor read. */
INLINE int cpu_number(void) {
  unsigned cpu;
  int error = CALL_VDSO(ENTRY(getcpu_fn, ENTRY_GETCPU), &cpu, (unsigned *)0, (void *)0);
  return error ? error : (int)cpu;
}

EXPORT double vdso_cpu(void) { return cpu_number(); }

/* The wall clock in nanoseconds, but later than whatever this has returned in this process before. */
EXPORT int64_t vdso_timestamp(void) {
  static int64_t last;
  struct timespec t;
  int error = read_clock(CLOCK_REALTIME, &t);
  int64_t time = nanoseconds(error, &t);
  if (UNLIKELY(error != 0)) return time;
  int64_t before = __atomic_load_n(&last, __ATOMIC_RELAXED);
  int64_t next;
  do next = time > before ? time : before + 1;
  while (!__atomic_compare_exchange_n(&last, &before, next, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  return next;
}

/* Where vdso_ticks() counts from: the raw counter does not fit a double after some weeks. */
static int64_t origin;
#define FIRST_TICK (INT64_C(1) << 32)

/* The counter since the origin, which vdso_ticks_frequency() has fixed.

   Counted from 2^32, not from 0: V8 keeps numbers below 2^31 in another way, and code that has seen
   only those is thrown away when the first larger one comes, a second later. */
EXPORT double vdso_ticks(void) {
  int64_t start = __atomic_load_n(&origin, __ATOMIC_RELAXED);
  return (double)((int64_t)read_counter() - start);
}

/* The counter's frequency in Hz as the CPU states it, 0 if it does not, -1 if it does not even state
   that the counter runs at one rate in every power state. To be called before vdso_ticks(): whoever
   comes first in this process fixes the origin. */
EXPORT double vdso_ticks_frequency(void) {
  int64_t unset = 0;
  __atomic_compare_exchange_n(&origin, &unset, (int64_t)read_counter() - FIRST_TICK, 0,
                              __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return counter_is_constant() ? counter_frequency() : -1;
}

/* Reads the counter and a clock at one moment, as nearly as can be had: the narrowest of some tries
   has no interrupt in it. Here rather than in JavaScript, where calls take microseconds at first.
   out[0] is in ticks, out[1] in nanoseconds. */
EXPORT void vdso_ticks_sample(double *out) {
  double least = 1e300;
  for (int i = 0; i < 9; i++) {
    double before = vdso_ticks();
    double ns = vdso_clock(CLOCK_MONOTONIC_RAW);
    double width = vdso_ticks() - before;
    if (width >= least) continue;
    least = width;
    out[0] = before + width / 2;
    out[1] = ns;
  }
}

/* What a reading costs, in ticks of the counter for CALLS of them: of the counter itself, of
   CLOCK_MONOTONIC by its entry, and by the system call. Ticks are the unit since their ratios alone
   matter, and since a clock may have steps longer than all of this takes. The least of some rounds
   in turns has no interrupt in it. About 0.2 ms where a system call costs 1 us. */
EXPORT void vdso_ticks_costs(double *out) {
  enum { ROUNDS = 5, CALLS = 32 };
  clock_fn *const clocks[] = {ENTRY(clock_fn, ENTRY_CLOCK_GETTIME), syscall_clock_gettime};
  out[0] = out[1] = out[2] = 1e300;
  for (int round = 0; round < ROUNDS; round++)
    for (int path = 0; path < 3; path++) {
      volatile int64_t sink;
      int64_t start = (int64_t)read_counter();
      for (int i = 0; i < CALLS; i++) {
        struct timespec t;
        if (path == 0) sink = (int64_t)read_counter();
        else if (CALL_VDSO(clocks[path - 1], CLOCK_MONOTONIC, &t) == 0) sink = t.tv_nsec;
      }
      (void)sink;
      double ticks = (double)((int64_t)read_counter() - start);
      if (ticks < out[path]) out[path] = ticks;
    }
}

#include "random.h"
#include "reference.h"
#include "jitter.h"
#include "machine.h"
#include "image.h"
