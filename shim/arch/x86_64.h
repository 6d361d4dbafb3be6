/* x86_64: syscall instruction, System V psABI appendix A.2.1; numbers from
   arch/x86/entry/syscalls/syscall_64.tbl. */
enum {
  SYS_read = 0,
  SYS_write = 1,
  SYS_close = 3,
  SYS_mmap = 9,
  SYS_getpid = 39,
  SYS_gettimeofday = 96,
  SYS_syslog = 103,
  SYS_prctl = 157,
  SYS_adjtimex = 159,
  SYS_gettid = 186,
  SYS_sched_setaffinity = 203,
  SYS_sched_getaffinity = 204,
  SYS_getdents64 = 217,
  SYS_clock_gettime = 228,
  SYS_clock_getres = 229,
  SYS_tgkill = 234,
  SYS_openat = 257,
  SYS_readlinkat = 267,
  SYS_faccessat = 269,
  SYS_pipe2 = 293,
  SYS_getcpu = 309,
  SYS_getrandom = 318,
};
#define SYS_time 201 /* a macro: younger CPUs do without */
enum { O_DIRECTORY = 0200000, O_CLOEXEC = 02000000 };

/* A vDSO function returns 0 or a negative errno, as any C function does. */
#define CALL_VDSO(fn, ...) ((fn)(__VA_ARGS__))

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

/* Most take three arguments at most; the kernel does not look at the other registers. */
static inline long syscall(long nr, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(nr), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

/* The time-stamp counter. RDTSC is not ordered with its neighbours, which an interval of any length
   worth measuring does not notice, and a fence would double its cost: Intel SDM volume 2B, RDTSC. */
static inline uint64_t read_counter(void) { return __builtin_ia32_rdtsc(); }

struct cpuid {
  uint32_t a, b, c, d;
};

static inline struct cpuid cpuid(uint32_t leaf) {
  struct cpuid r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(0));
  return r;
}

#define HAS_CPUID

/* CPUID 15h: the crystal's Hz in ECX, times EBX / EAX. Many CPUs leave some of it out. */
static inline double counter_frequency(void) {
  if (cpuid(0).a < 0x15) return 0;
  struct cpuid r = cpuid(0x15);
  return r.a && r.b && r.c ? (double)r.c * r.b / r.a : 0;
}

/* CPUID 80000007h, EDX bit 8, "invariant TSC": one rate, in every P-, C- and T-state. */
static inline int counter_is_constant(void) {
  return cpuid(0x80000000).a >= 0x80000007 && (cpuid(0x80000007).d >> 8 & 1);
}
