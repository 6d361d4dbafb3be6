/* ppc64le: sc with the number in r0, arguments and result from r3; where CR0.SO is set, the result is
   an errno (Documentation/arch/powerpc/syscall64-abi.rst). Numbers from
   arch/powerpc/kernel/syscalls/syscall.tbl. */
enum {
  SYS_read = 3,
  SYS_write = 4,
  SYS_close = 6,
  SYS_getpid = 20,
  SYS_gettimeofday = 78,
  SYS_mmap = 90,
  SYS_syslog = 103,
  SYS_adjtimex = 124,
  SYS_prctl = 171,
  SYS_getdents64 = 202,
  SYS_gettid = 207,
  SYS_sched_setaffinity = 222,
  SYS_sched_getaffinity = 223,
  SYS_clock_gettime = 246,
  SYS_clock_getres = 247,
  SYS_tgkill = 250,
  SYS_openat = 286,
  SYS_readlinkat = 296,
  SYS_faccessat = 298,
  SYS_getcpu = 302,
  SYS_pipe2 = 317,
  SYS_getrandom = 359,
};
#define SYS_time 13 /* a macro: younger CPUs do without */
enum { O_DIRECTORY = 040000, O_CLOEXEC = 02000000 }; /* O_DIRECTORY differs from x86 */

/* A vDSO function answers as a system call does. C cannot see CR0.SO, nor may inline assembly call
   anything where there may be no stack frame: hence a function, which calls its first argument with
   the others, and negates an errno. The system calls that stand among the entries are C functions,
   which leave anything in CR0.SO: they are told by lying in this image, and go on to the caller.
   (Variadic: integers and pointers travel as they do to any function, Power ELFv2 ABI 2.2.3.) */
__attribute__((visibility("hidden"))) long call_vdso(void *fn, ...);
__asm__(".text\n"
        ".balign 4\n"
        ".hidden __ehdr_start, etext\n" /* the linker's */
        ".type call_vdso, @function\n"
        "call_vdso:\n"
        "  addis 11, 2, __ehdr_start@toc@ha\n"
        "  addi 11, 11, __ehdr_start@toc@l\n"
        "  addis 12, 2, etext@toc@ha\n"
        "  addi 12, 12, etext@toc@l\n"
        "  cmpld 0, 3, 11\n"
        "  cmpld 1, 3, 12\n"
        "  mr 12, 3\n" /* where an ELFv2 function expects its own address */
        "  mtctr 12\n"
        "  mr 3, 4\n"
        "  mr 4, 5\n"
        "  mr 5, 6\n"
        "  mr 6, 7\n"
        "  mr 7, 8\n"
        "  blt 0, 0f\n"
        "  bltctr 1\n"
        "0: mflr 0\n"
        "  std 0, 16(1)\n"
        "  stdu 1, -32(1)\n"
        "  std 2, 24(1)\n"
        "  bctrl\n"
        "  ld 2, 24(1)\n"
        "  addi 1, 1, 32\n"
        "  ld 0, 16(1)\n"
        "  mtlr 0\n"
        "  bnslr+\n"
        "  neg 3, 3\n"
        "  blr\n"
        ".size call_vdso, . - call_vdso\n");
#define CALL_VDSO(fn, ...) call_vdso((void *)(fn), __VA_ARGS__)

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f) {
  register long r0 __asm__("r0") = nr;
  register long r3 __asm__("r3") = a;
  register long r4 __asm__("r4") = b;
  register long r5 __asm__("r5") = c;
  register long r6 __asm__("r6") = d;
  register long r7 __asm__("r7") = e;
  register long r8 __asm__("r8") = f;
  __asm__ volatile("sc\n"
                   "bns+ 0f\n"
                   "neg 3, 3\n"
                   "0:"
                   : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8)
                   :
                   : "r9", "r10", "r11", "r12", "cr0", "ctr", "xer", "memory");
  return r3;
}

static inline long syscall(long nr, long a, long b, long c) {
  return syscall6(nr, a, b, c, 0, 0, 0);
}

/* The time base: one rate, whatever the CPU's own, and the same on every CPU as Linux sets it up. */
static inline uint64_t read_counter(void) {
  uint64_t value;
  __asm__ volatile("mfspr %0, 268" : "=r"(value)); /* mftb */
  return value;
}

/* The device tree alone has it. */
static inline double counter_frequency(void) { return 0; }

static inline int counter_is_constant(void) { return 1; }
