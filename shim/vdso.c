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

enum { ENOENT = 2, EFAULT = 14, EINVAL = 22, EOVERFLOW = 75 };
enum { AT_FDCWD = -100 };
enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_AUX = 16 };
enum { AT_SYSINFO_EHDR = 33 };
enum { NSEC_PER_SEC = 1000000000 };

/* The kernel's struct __kernel_timespec: two 64-bit words on every CPU. */
struct timespec {
  int64_t tv_sec;
  int64_t tv_nsec;
};

struct iovec {
  void *base;
  size_t length;
};

extern unsigned long getauxval(unsigned long type) __attribute__((weak));

/* ---- Entries: each starts out as the system call; vdso_bind() puts the vDSO's function there. ---- */

typedef int clock_fn(int clock, struct timespec *out);

static int syscall_clock_gettime(int clock, struct timespec *out) {
  return (int)syscall(SYS_clock_gettime, clock, (long)out, 0, 0, 0, 0);
}

static int syscall_clock_getres(int clock, struct timespec *out) {
  return (int)syscall(SYS_clock_getres, clock, (long)out, 0, 0, 0, 0);
}

enum entry { ENTRY_CLOCK_GETTIME, ENTRY_CLOCK_GETRES, ENTRY_COUNT };

/* Written by any thread that binds, always with the same value, and read by all: hence atomic,
   though a relaxed load is a plain load on every CPU. */
static clock_fn *entries[ENTRY_COUNT] = {
  [ENTRY_CLOCK_GETTIME] = syscall_clock_gettime,
  [ENTRY_CLOCK_GETRES] = syscall_clock_getres,
};

static clock_fn *const fallbacks[ENTRY_COUNT] = {
  [ENTRY_CLOCK_GETTIME] = syscall_clock_gettime,
  [ENTRY_CLOCK_GETRES] = syscall_clock_getres,
};

/* Returns 0 or a negative errno. The kernel's -EINVAL (no such clock) is final; whatever else
   goes wrong inside the vDSO, the system call has the last word: a seccomp filter, say, that
   answers EPERM to the vDSO's own fallback but is right to do so is then reported as such. */
static int call(enum entry entry, int clock, struct timespec *out) {
  int error = CALL_VDSO(__atomic_load_n(&entries[entry], __ATOMIC_RELAXED), clock, out);
  if (LIKELY(error == 0) || error == -EINVAL) return error;
  return fallbacks[entry](clock, out);
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

/* ---- Clocks: what the hot paths call. ---- */

/* CLOCK_MONOTONIC in nanoseconds, NaN where even the system call is refused. A double is the one
   result type that costs the same in every runtime; the sum is an integer until then. */
EXPORT double vdso_now(void) {
  struct timespec t;
  if (UNLIKELY(call(ENTRY_CLOCK_GETTIME, CLOCK_MONOTONIC, &t) != 0)) return __builtin_nan("");
  return (double)(t.tv_sec * NSEC_PER_SEC + t.tv_nsec);
}

EXPORT int64_t vdso_clock_gettime(int32_t clock) {
  struct timespec t;
  int error = call(ENTRY_CLOCK_GETTIME, clock, &t);
  return nanoseconds(error, &t);
}

EXPORT int64_t vdso_now_bigint(void) { return vdso_clock_gettime(CLOCK_MONOTONIC); }

EXPORT int64_t vdso_realtime_bigint(void) { return vdso_clock_gettime(CLOCK_REALTIME); }

/* Linux 6.18's vDSO knows a resolution for the auxiliary clocks, even where the kernel was built
   without them: only the system call says EINVAL. */
EXPORT int64_t vdso_clock_getres(int32_t clock) {
  struct timespec t;
  int error =
    clock < CLOCK_AUX ? call(ENTRY_CLOCK_GETRES, clock, &t) : syscall_clock_getres(clock, &t);
  return nanoseconds(error, &t);
}

/* ---- The same by the system call: what the vDSO is compared with. ---- */

EXPORT int64_t vdso_clock_gettime_syscall(int32_t clock) {
  struct timespec t;
  int error = syscall_clock_gettime(clock, &t);
  return nanoseconds(error, &t);
}

EXPORT int64_t vdso_clock_getres_syscall(int32_t clock) {
  struct timespec t;
  int error = syscall_clock_getres(clock, &t);
  return nanoseconds(error, &t);
}

/* ---- Native loops: what a call costs without JavaScript, in nanoseconds for all `calls`. ---- */

static double loop(clock_fn *fn, int clock, int32_t calls) {
  struct timespec start, end, t;
  volatile double sink; /* the conversion that now() makes is part of the price */
  if (call(ENTRY_CLOCK_GETTIME, CLOCK_MONOTONIC, &start) != 0) return __builtin_nan("");
  for (int32_t i = 0; i < calls; i++) {
    if (UNLIKELY(CALL_VDSO(fn, clock, &t) != 0)) return __builtin_nan("");
    sink = (double)(t.tv_sec * NSEC_PER_SEC + t.tv_nsec);
  }
  (void)sink;
  if (call(ENTRY_CLOCK_GETTIME, CLOCK_MONOTONIC, &end) != 0) return __builtin_nan("");
  return (double)((end.tv_sec - start.tv_sec) * NSEC_PER_SEC + (end.tv_nsec - start.tv_nsec));
}

EXPORT double vdso_loop_entry(int32_t clock, int32_t calls) {
  return loop(__atomic_load_n(&entries[ENTRY_CLOCK_GETTIME], __ATOMIC_RELAXED), clock, calls);
}

EXPORT double vdso_loop_syscall(int32_t clock, int32_t calls) {
  return loop(syscall_clock_gettime, clock, calls);
}

/* ---- The image: found, copied out, bound. ---- */

/* Which build this is: the loader compares it, since a dlopen of a name may return a library that
   was loaded earlier under the same name. 48 bits of the source's hash, exact in a double. */
EXPORT double vdso_build_id(void) { return (double)BUILD_ID; }

/* getauxval(3), or 0 where there is none. */
EXPORT int64_t vdso_auxval(int32_t type) {
  return getauxval ? (int64_t)getauxval((unsigned long)type) : 0;
}

/* How many bytes of the image have been read: the bound of vdso_bind(). */
static int32_t readable;

/* Copies from `from` without touching it: the kernel reads, and says EFAULT where a load would
   crash. AT_SYSINFO_EHDR dangles under Valgrind and after checkpoint/restore. A process may be
   forbidden process_vm_readv(2) (container seccomp profiles); nobody forbids a pipe. */
static long copy_chunk(void *to, void *from, size_t length) {
  struct iovec local = {to, length}, remote = {from, length};
  long pid = syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
  long n = syscall(SYS_process_vm_readv, pid, (long)&local, 1, (long)&remote, 1, 0);
  if (n >= 0 || n == -EFAULT) return n;
  int pipe[2];
  n = syscall(SYS_pipe2, (long)pipe, O_CLOEXEC, 0, 0, 0, 0);
  if (n < 0) return n;
  n = syscall(SYS_write, pipe[1], (long)from, (long)length, 0, 0, 0);
  if (n > 0) n = syscall(SYS_read, pipe[0], (long)to, n, 0, 0, 0);
  syscall(SYS_close, pipe[0], 0, 0, 0, 0, 0);
  syscall(SYS_close, pipe[1], 0, 0, 0, 0, 0);
  return n;
}

/* Copies the first `length` bytes of the vDSO into `out`, fewer where the mapping ends earlier.
   Returns how many, 0 without a vDSO, or a negative errno. In chunks no larger than the smallest
   page, since either way of copying may give up on a whole chunk for one bad page, and a pipe
   holds at least that much without blocking. */
EXPORT int32_t vdso_copy_image(void *out, int32_t length) {
  char *base = (char *)vdso_auxval(AT_SYSINFO_EHDR);
  int32_t done = 0;
  if (!base) return 0;
  while (done < length) {
    int32_t chunk = length - done < 4096 ? length - done : 4096;
    long n = copy_chunk((char *)out + done, base + done, (size_t)chunk);
    if (n < 0 && done == 0) return (int32_t)n;
    if (n <= 0) break;
    done += (int32_t)n;
  }
  if (done > __atomic_load_n(&readable, __ATOMIC_RELAXED))
    __atomic_store_n(&readable, done, __ATOMIC_RELAXED);
  return done;
}

/* Points an entry at an offset into the image, or with 0 back at its system call. Never takes an
   address, and checks the offset again, whatever the parser said. Returns 0 or -EINVAL. */
EXPORT int32_t vdso_bind(int32_t entry, int32_t offset) {
  if (entry < 0 || entry >= ENTRY_COUNT || offset < 0) return -EINVAL;
  if (offset >= __atomic_load_n(&readable, __ATOMIC_RELAXED) && offset != 0) return -EINVAL;
  clock_fn *fn = offset ? (clock_fn *)(vdso_auxval(AT_SYSINFO_EHDR) + offset) : fallbacks[entry];
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
  long n = syscall(SYS_readlinkat, fds, (long)name, (long)link, sizeof link - 1, 0, 0);
  if (n <= (long)sizeof prefix) return 0;
  link[n] = 0;
  for (size_t i = 0; i < sizeof prefix - 1; i++)
    if (link[i] != prefix[i]) return 0;
  char *path = link + sizeof prefix - 1 - sizeof proc;
  for (size_t i = 0; i < sizeof proc; i++) path[i] = proc[i];
  for (char *p = link; p < link + n; p++)
    if (*p == ' ') *p = 0; /* the kernel's " (deleted)" */
  return syscall(SYS_faccessat, AT_FDCWD, (long)path, 0, 0, 0, 0) == -ENOENT;
}

/* Closes the memfds of Workers that were terminated between creating and closing one: no finally
   block runs then. Returns how many. A dead thread's descriptor cannot be anybody else's, so long
   as two threads do not sweep at once. */
EXPORT int32_t vdso_sweep(void) {
  static int busy;
  _Alignas(8) char buffer[1024];
  int32_t closed = 0;
  if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) return 0;
  long fds = syscall(SYS_openat, AT_FDCWD, (long)"/proc/self/fd", O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
  while (fds >= 0) {
    long n = syscall(SYS_getdents64, fds, (long)buffer, sizeof buffer, 0, 0, 0);
    if (n <= 0) break;
    for (long at = 0; at < n;) {
      const struct dirent64 *entry = (const void *)(buffer + at);
      at += entry->length;
      if (!is_orphan(fds, entry->name)) continue;
      long fd = 0;
      for (const char *p = entry->name; *p; p++) fd = fd * 10 + (*p - '0');
      syscall(SYS_close, fd, 0, 0, 0, 0, 0);
      closed++;
    }
  }
  if (fds >= 0) syscall(SYS_close, fds, 0, 0, 0, 0, 0);
  __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
  return closed;
}
