/*
 * The trampoline: what JavaScript's FFI calls, and what calls the kernel's vDSO.
 *
 * Freestanding: no libc, no DT_NEEDED, one binary for glibc and musl. The only undefined symbol
 * is a weak getauxval(3), which both have. The vDSO's ELF image is parsed in TypeScript, where it
 * can be tested and fuzzed; this file copies the image out, takes offsets into it back, and calls.
 *
 * Built by scripts/build_shim.ts for each CPU that has a header in arch/.
 */
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))
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

/* Returns 0 or a negative errno. The kernel's -EINVAL (no such clock) is final; whatever else
   goes wrong inside the vDSO, the system call has the last word: a seccomp filter, say, that
   answers EPERM to the vDSO's own fallback but is right to do so is then reported as such. */
static inline __attribute__((always_inline)) int read_clock(int clock, struct timespec *out) {
  int error = CALL_VDSO(ENTRY(clock_fn, ENTRY_CLOCK_GETTIME), clock, out);
  if (LIKELY(error == 0) || error == -EINVAL) return error;
  return syscall_clock_gettime(clock, out);
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

/* A clock in nanoseconds, NaN where even the system call is refused.

   Double is the one type that is cheap in every runtime, both ways: an int32_t argument costs Node
   20 ns, and 64-bit integers are slow nearly everywhere. The sum is an integer until the end. */
EXPORT double vdso_clock(double clock) {
  struct timespec t;
  if (UNLIKELY(read_clock((int)clock, &t) != 0)) return __builtin_nan("");
  return (double)(t.tv_sec * NSEC_PER_SEC + t.tv_nsec);
}

/* CLOCK_MONOTONIC: even a double costs a nanosecond, and this is the function that is timed. */
EXPORT double vdso_now(void) { return vdso_clock(CLOCK_MONOTONIC); }

EXPORT int64_t vdso_clock_gettime(double clock) {
  struct timespec t;
  int error = read_clock((int)clock, &t);
  return nanoseconds(error, &t);
}

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
EXPORT double vdso_cpu(void) {
  unsigned cpu;
  int error = CALL_VDSO(ENTRY(getcpu_fn, ENTRY_GETCPU), &cpu, (unsigned *)0, (void *)0);
  return error ? error : (double)(int)cpu;
}

/* Where vdso_ticks() counts from: the raw counter does not fit a double after some weeks. */
static int64_t origin;

/* The counter since the origin, which vdso_ticks_frequency() has fixed. */
EXPORT double vdso_ticks(void) {
  int64_t start = __atomic_load_n(&origin, __ATOMIC_RELAXED);
  return (double)((int64_t)read_counter() - start);
}

/* The counter's frequency in Hz as the CPU states it, 0 if it does not, -1 if it does not even state
   that the counter runs at one rate in every power state. To be called before vdso_ticks(): whoever
   comes first in this process fixes the origin. */
EXPORT double vdso_ticks_frequency(void) {
  int64_t unset = 0;
  __atomic_compare_exchange_n(&origin, &unset, (int64_t)read_counter(), 0, __ATOMIC_RELAXED,
                              __ATOMIC_RELAXED);
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

/* ---- Random numbers: include/vdso/getrandom.h, and the kernel's vdso_test_getrandom.c. ---- */

/* A state belongs to one thread. It fills less than the page that it has for itself, since it may
   not straddle two. Threads end without telling: a slot whose thread is gone is the next one's. */
struct slot {
  int tid; /* 0: never used */
  int pid; /* a forked child has its parent's slots, but cannot tell whose threads live */
  void *thread; /* thread pointer of the owner: a JavaScript context might move between threads */
  void *state;
};

enum { SLOT_COUNT = 512 };
static struct slot slots[SLOT_COUNT];
static uint32_t state_size;

/* What vgetrandom says of itself when asked with a size of ~0. */
struct random_parameters {
  uint32_t size_of_opaque_state;
  uint32_t mmap_prot;
  uint32_t mmap_flags;
  uint32_t reserved[13];
};

static void *map_state(const struct random_parameters *p) {
  long size = (long)vdso_auxval(AT_PAGESZ);
  if (size < (long)p->size_of_opaque_state) return 0;
#ifdef SYS_old_mmap
  const long arguments[6] = {0, size, p->mmap_prot, p->mmap_flags, -1, 0};
  long state = syscall(SYS_old_mmap, (long)arguments, 0, 0);
#else
  long state = syscall6(SYS_mmap, 0, size, p->mmap_prot, p->mmap_flags, -1, 0);
#endif
  return state < 0 && state > -4096 ? 0 : (void *)state;
}

/* A slot for the calling thread, or -1: then random numbers come from the system call. */
EXPORT int32_t vdso_random_slot(void) {
  struct random_parameters p;
  getrandom_fn *fn = ENTRY(getrandom_fn, ENTRY_GETRANDOM);
  if (fn == syscall_getrandom || CALL_VDSO(fn, 0, 0, 0, &p, ~0ul) != 0) return -1;
  __atomic_store_n(&state_size, p.size_of_opaque_state, __ATOMIC_RELAXED);
  int pid = (int)syscall(SYS_getpid, 0, 0, 0);
  int tid = (int)syscall(SYS_gettid, 0, 0, 0);
  for (int32_t i = 0; i < SLOT_COUNT; i++) {
    struct slot *slot = &slots[i];
    int owner = __atomic_load_n(&slot->tid, __ATOMIC_ACQUIRE);
    int mine = owner == tid && slot->pid == pid;
    int gone = owner == 0 ||
      (slot->pid == pid && syscall(SYS_tgkill, pid, owner, 0) == -ESRCH);
    if (!mine && (!gone || !__atomic_compare_exchange_n(&slot->tid, &owner, tid, 0,
                                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
      continue;
    slot->pid = pid;
    slot->thread = __builtin_thread_pointer();
    if (!slot->state) slot->state = map_state(&p);
    return slot->state ? i : -1;
  }
  return -1;
}

/* Some bytes, how many, or a negative errno. Not inlined: what is kept across the loops of its
   callers would cost a number 2 ns. */
static __attribute__((noinline)) long random_bytes(int32_t index, void *out, size_t length,
                                                   uint32_t flags) {
  long n;
  if (LIKELY(index >= 0 && index < SLOT_COUNT)) {
    const struct slot *slot = &slots[index];
    if (slot->thread != __builtin_thread_pointer()) return -ESRCH;
    n = CALL_VDSO(ENTRY(getrandom_fn, ENTRY_GETRANDOM), out, length, flags, slot->state,
                  __atomic_load_n(&state_size, __ATOMIC_RELAXED));
    if (LIKELY(n >= 0) || n == -EAGAIN) return n;
  }
  do n = syscall_getrandom(out, length, flags, 0, 0);
  while (n == -EINTR);
  return n;
}

/* Fills all of `out`, or returns a negative errno: -ESRCH if the slot is another thread's. */
static int fill(int32_t slot, char *out, size_t length, uint32_t flags) {
  while (length > 0) {
    long n = random_bytes(slot, out, length, flags);
    if (n < 0) return (int)n;
    out += n;
    length -= (size_t)n;
  }
  return 0;
}

/* As fill(). Node takes one number and one buffer in half the time of four arguments: the length is
   in the low 31 bits, then 3 bits of flags, then the slot plus one. */
EXPORT double vdso_getrandom(double request, void *out) {
  uint64_t r = (uint64_t)request;
  return fill((int32_t)(r >> 34) - 1, out, r & 0x7fffffff, r >> 31 & 7);
}

/* As fill(), for a number, which the kernel gives in one piece. */
static inline __attribute__((always_inline)) long fill_number(double slot, void *out, long length) {
  long n;
  do n = random_bytes((int32_t)slot, out, (size_t)length, 0);
  while (UNLIKELY(n >= 0 && n != length));
  return n;
}

/* 32 random bits, or a negative errno. */
EXPORT double vdso_random_u32(double slot) {
  uint32_t value;
  long n = fill_number(slot, &value, sizeof value);
  return (double)(n < 0 ? n : (long)value);
}

/* A multiple of 2^-53 in [0, 1), or a negative errno. */
EXPORT double vdso_random_f64(double slot) {
  uint64_t value;
  long n = fill_number(slot, &value, sizeof value);
  return n < 0 ? (double)n : (double)(int64_t)(value >> 11) * 0x1p-53;
}

/* ---- The same by the system call, which the vDSO is compared with. ---- */

/* What the entry's own function above would return, from the system call. */
EXPORT int64_t vdso_syscall(int32_t entry, int32_t clock) {
  struct timespec t;
  int error;
  switch (entry) {
  case ENTRY_CLOCK_GETTIME:
    error = syscall_clock_gettime(clock, &t);
    return nanoseconds(error, &t);
  case ENTRY_CLOCK_GETRES:
    error = syscall_clock_getres(clock, &t);
    return nanoseconds(error, &t);
  case ENTRY_GETTIMEOFDAY:
    return (int64_t)gettimeofday_by(syscall_gettimeofday);
  case ENTRY_TIME:
    return syscall_time(0);
  case ENTRY_GETCPU:
    return (int64_t)getcpu_by(syscall_getcpu);
  default:
    return -ENOSYS;
  }
}

/* Whether an entry stores a fraction below its unit, which the sums above would hide: 1, 0 or a
   negative errno. */
EXPORT int32_t vdso_is_normalized(int32_t entry, int32_t clock) {
  union {
    struct timespec spec;
    struct timeval val;
  } t;
  switch (entry) {
  case ENTRY_CLOCK_GETTIME:
  case ENTRY_CLOCK_GETRES: {
    int error = (entry == ENTRY_CLOCK_GETTIME ? read_clock : read_resolution)(clock, &t.spec);
    return error ? error : (uint64_t)t.spec.tv_nsec < NSEC_PER_SEC;
  }
  case ENTRY_GETTIMEOFDAY: {
    int error = CALL_VDSO(ENTRY(gettimeofday_fn, ENTRY_GETTIMEOFDAY), &t.val, (void *)0);
    return error ? error : (uint64_t)t.val.tv_usec < 1000000;
  }
  default:
    return -ENOSYS;
  }
}

/* ---- Native loop: what a call costs without JavaScript, in nanoseconds for all `calls`. ---- */

EXPORT double vdso_loop(int32_t by_syscall, int32_t clock, int32_t calls) {
  clock_fn *fn = by_syscall ? syscall_clock_gettime : ENTRY(clock_fn, ENTRY_CLOCK_GETTIME);
  volatile double sink; /* the conversion that now() makes is part of the price */
  double start = vdso_now();
  for (int32_t i = 0; i < calls; i++) {
    struct timespec t;
    if (UNLIKELY(CALL_VDSO(fn, clock, &t) != 0)) return __builtin_nan("");
    sink = (double)(t.tv_sec * NSEC_PER_SEC + t.tv_nsec);
  }
  (void)sink;
  return vdso_now() - start;
}

/* ---- The image: found, copied out, bound. ---- */

/* Which build this is: the loader compares it, since a dlopen of a name may return a library that
   was loaded earlier under the same name. 48 bits of the source's hash, exact in a double. */
EXPORT double vdso_build_id(void) { return (double)BUILD_ID; }

/* How many bytes of the image have been read: the bound of vdso_bind(). */
static int32_t readable;

/* Copies the first `length` bytes of the vDSO into `out`, fewer where the mapping ends earlier.
   Returns how many, 0 without a vDSO, or a negative errno.

   Through a pipe: so the kernel reads, and says EFAULT where a load would crash. AT_SYSINFO_EHDR
   dangles under Valgrind and after checkpoint/restore. process_vm_readv(2) would do the same, but
   containers forbid it. No more at once than the smallest page: a pipe holds that without blocking,
   and a bad page spoils no good one. */
EXPORT int32_t vdso_copy_image(void *out, int32_t length) {
  const char *base = (const char *)vdso_auxval(AT_SYSINFO_EHDR);
  int32_t done = 0;
  int pipe[2];
  if (!base) return 0;
  long n = syscall(SYS_pipe2, (long)pipe, O_CLOEXEC, 0);
  if (n < 0) return (int32_t)n;
  while (done < length) {
    int32_t chunk = length - done < 4096 ? length - done : 4096;
    n = syscall(SYS_write, pipe[1], (long)(base + done), chunk);
    if (n > 0) n = syscall(SYS_read, pipe[0], (long)((char *)out + done), n);
    if (n <= 0) break;
    done += (int32_t)n;
  }
  syscall(SYS_close, pipe[0], 0, 0);
  syscall(SYS_close, pipe[1], 0, 0);
  int32_t known = __atomic_load_n(&readable, __ATOMIC_RELAXED);
  while (done > known && !__atomic_compare_exchange_n(&readable, &known, done, 1, __ATOMIC_RELAXED,
                                                      __ATOMIC_RELAXED))
    ;
  return done ? done : (int32_t)n;
}

/* Points an entry at an offset into the image. Never takes an address, and checks the offset again,
   whatever the parser said. Returns 0 or -EINVAL. */
EXPORT int32_t vdso_bind(int32_t entry, int32_t offset) {
  if (entry < 0 || entry >= ENTRY_COUNT) return -EINVAL;
  if (offset <= 0 || offset >= __atomic_load_n(&readable, __ATOMIC_RELAXED)) return -EINVAL;
  void *fn = (char *)vdso_auxval(AT_SYSINFO_EHDR) + offset;
  __atomic_store_n(&entries[entry], fn, __ATOMIC_RELEASE);
  return 0;
}

/* ---- What terminated Workers leave behind. ---- */

struct dirent64 {
  uint64_t ino;
  int64_t off;
  uint16_t length;
  uint8_t type;
  char name[];
};

/* Whether the descriptor called `name` is a memfd of the loader (shim/load.ts names them after the
   thread, "x-vdso:PID/task/TID") whose thread is no more. */
static int is_orphan(long fds, const char *name) {
  static const char prefix[] = "/memfd:x-vdso:";
  /* "/proc/" in front of what follows the prefix is the thread's directory. */
  static const char proc[6] = "/proc/";
  char link[64];
  long n = syscall6(SYS_readlinkat, fds, (long)name, (long)link, sizeof link - 1, 0, 0);
  if (n <= (long)sizeof prefix) return 0;
  link[n] = 0;
  for (size_t i = 0; i < sizeof prefix - 1; i++)
    if (link[i] != prefix[i]) return 0;
  char *path = link + sizeof prefix - 1 - sizeof proc;
  for (size_t i = 0; i < sizeof proc; i++) path[i] = proc[i];
  for (char *p = link; p < link + n; p++)
    if (*p == ' ') *p = 0; /* the kernel's " (deleted)" */
  return syscall(SYS_faccessat, AT_FDCWD, (long)path, 0) == -ENOENT;
}

/* Closes the memfds of Workers that were terminated between creating and closing one: no finally
   block runs then. Returns how many. A dead thread's descriptor cannot be anybody else's, so long
   as two threads do not sweep at once. */
EXPORT int32_t vdso_sweep(void) {
  static int busy;
  _Alignas(8) char buffer[1024];
  int32_t closed = 0;
  if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) return 0;
  long fds = syscall(SYS_openat, AT_FDCWD, (long)"/proc/self/fd", O_DIRECTORY | O_CLOEXEC);
  while (fds >= 0) {
    long n = syscall(SYS_getdents64, fds, (long)buffer, sizeof buffer);
    if (n <= 0) break;
    for (long at = 0; at < n;) {
      const struct dirent64 *entry = (const void *)(buffer + at);
      at += entry->length;
      if (!is_orphan(fds, entry->name)) continue;
      long fd = 0;
      for (const char *p = entry->name; *p; p++) fd = fd * 10 + (*p - '0');
      syscall(SYS_close, fd, 0, 0);
      closed++;
    }
  }
  if (fds >= 0) syscall(SYS_close, fds, 0, 0);
  __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
  return closed;
}
