/* s390x: svc 0 with the number in %r1, arguments and result from %r2 (syscall(2)); numbers from
   arch/s390/kernel/syscalls/syscall.tbl. */
enum {
  SYS_read = 3,
  SYS_write = 4,
  SYS_close = 6,
  SYS_getpid = 20,
  SYS_gettimeofday = 78,
  SYS_syslog = 103,
  SYS_adjtimex = 124,
  SYS_prctl = 172,
  SYS_getdents64 = 220,
  SYS_gettid = 236,
  SYS_sched_setaffinity = 239,
  SYS_sched_getaffinity = 240,
  SYS_tgkill = 241,
  SYS_clock_gettime = 260,
  SYS_clock_getres = 261,
  SYS_openat = 288,
  SYS_readlinkat = 298,
  SYS_faccessat = 300,
  SYS_getcpu = 311,
  SYS_pipe2 = 325,
  SYS_getrandom = 349,
};
#define SYS_old_mmap 90 /* a macro: on other CPUs mmap(2) takes its arguments in registers */
enum { O_DIRECTORY = 0200000, O_CLOEXEC = 02000000 };

/* A vDSO function returns 0 or a negative errno, as any C function does. */
#define CALL_VDSO(fn, ...) ((fn)(__VA_ARGS__))

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f) {
  register long r1 __asm__("r1") = nr;
  register long r2 __asm__("r2") = a;
  register long r3 __asm__("r3") = b;
  register long r4 __asm__("r4") = c;
  register long r5 __asm__("r5") = d;
  register long r6 __asm__("r6") = e;
  register long r7 __asm__("r7") = f;
  __asm__ volatile("svc 0"
                   : "+d"(r2)
                   : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "d"(r7)
                   : "memory", "cc");
  return r2;
}

/* Most take three arguments at most; the kernel does not look at the other registers. */
static inline long syscall(long nr, long a, long b, long c) {
  register long r1 __asm__("r1") = nr;
  register long r2 __asm__("r2") = a;
  register long r3 __asm__("r3") = b;
  register long r4 __asm__("r4") = c;
  __asm__ volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4) : "memory", "cc");
  return r2;
}

/* The time-of-day clock, one for all CPUs: z/Architecture Principles of Operation, "Timing". STCKF,
   unlike STCK, does not wait until the value is unique. */
static inline uint64_t read_counter(void) {
  uint64_t value;
  __asm__ volatile("stckf %0" : "=Q"(value) : : "cc");
  return value;
}

/* Bit 51 is a microsecond, by architecture. */
static inline double counter_frequency(void) { return 4096e6; }

static inline int counter_is_constant(void) { return 1; }
