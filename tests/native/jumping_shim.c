/*
 * The shim with a counter that jumps: by an hour or so each time 2^29 ticks have passed, about 0.2 s, as
 * if the machine were suspended again and again. To be built with the BUILD_ID of the real one.
 *
 * Every other reading is odd, so that the middle of two readings is no whole number: some CPUs count
 * by twos, others do not.
 */
static unsigned long long jumping_counter(void) {
  static unsigned long long first, readings;
  unsigned long long ticks = (__builtin_ia32_rdtsc() & ~1ULL) | (readings++ & 1);
  if (!first) first = ticks;
  return ticks + ((ticks - first) >> 29 << 43);
}

#define __builtin_ia32_rdtsc jumping_counter
#define ARCH_HEADER "arch/x86_64.h"
#include "../../shim/vdso.c"
