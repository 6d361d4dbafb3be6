/* x86_64: syscall instruction, System V psABI appendix A.2.1; numbers from
   arch/x86/entry/syscalls/syscall_64.tbl. */
enum {
  SYS_read = 0,
  SYS_write = 1,
  SYS_close = 3,
  SYS_getpid = 39,
  SYS_getdents64 = 217,
  SYS_clock_gettime = 228,
  SYS_clock_getres = 229,
  SYS_openat = 257,
  SYS_readlinkat = 267,
  SYS_faccessat = 269,
  SYS_pipe2 = 293,
  SYS_process_vm_readv = 310,
};
enum { O_DIRECTORY = 0200000, O_CLOEXEC = 02000000 };

/* A vDSO function returns 0 or a negative errno, as any C function does. */
#define CALL_VDSO(fn, clock, out) ((fn)((clock), (out)))

static inline long syscall(long nr, long a, long b, long c, long d, long e, long f) {
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
