/* aarch64: svc #0 with the number in x8, arguments and result from x0 (syscall(2)). */
#include "asm_generic.h"

enum { O_DIRECTORY = 040000, O_CLOEXEC = 02000000 }; /* O_DIRECTORY differs from x86 */

/* A vDSO function returns 0 or a negative errno, as any C function does. */
#define CALL_VDSO(fn, ...) ((fn)(__VA_ARGS__))

static inline long syscall6(long nr, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = nr;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0"
                   : "+r"(x0)
                   : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                   : "memory", "cc");
  return x0;
}

/* Most take three arguments at most; the kernel does not look at the other registers. */
static inline long syscall(long nr, long a, long b, long c) {
  register long x8 __asm__("x8") = nr;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory", "cc");
  return x0;
}

/* The virtual counter of the generic timer, constant by architecture, on every CPU the same: Arm ARM
   D12. Without an ISB it may be read early, by less than an interval worth measuring would notice. */
static inline uint64_t read_counter(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
  return value;
}

static inline double counter_frequency(void) {
  uint64_t value;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(value));
  return (double)value;
}

static inline int counter_is_constant(void) { return 1; }
