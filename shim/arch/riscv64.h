/* riscv64: ecall with the number in a7, arguments and result from a0 (syscall(2)). */
#include "asm_generic.h"

enum { O_DIRECTORY = 0200000, O_CLOEXEC = 02000000 };

/* A vDSO function returns 0 or a negative errno, as any C function does. */
#define CALL_VDSO(fn, ...) ((fn)(__VA_ARGS__))

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f) {
  register long a7 __asm__("a7") = nr;
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  register long a3 __asm__("a3") = d;
  register long a4 __asm__("a4") = e;
  register long a5 __asm__("a5") = f;
  __asm__ volatile("ecall"
                   : "+r"(a0)
                   : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                   : "memory");
  return a0;
}

/* Most take three arguments at most; the kernel does not look at the other registers. */
static inline long syscall(long nr, long a, long b, long c) {
  register long a7 __asm__("a7") = nr;
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
  return a0;
}

/* The real-time counter: one constant rate, and within a tick the same on every hart (RISC-V
   Unprivileged ISA, "Zicntr"). */
static inline uint64_t read_counter(void) {
  uint64_t value;
  __asm__ volatile("rdtime %0" : "=r"(value));
  return value;
}

/* The device tree alone has it. */
static inline double counter_frequency(void) { return 0; }

static inline int counter_is_constant(void) { return 1; }
