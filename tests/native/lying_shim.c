/*
 * The shim with clocks that are an hour behind once in a hundred readings of each, as a broken one might
 * be. To be built with the BUILD_ID of the real one.
 */
#define vdso_clock_gettime honest_clock_gettime
#define ARCH_HEADER "arch/x86_64.h"
#include "../../shim/vdso.c"
#undef vdso_clock_gettime

EXPORT int64_t vdso_clock_gettime(double clock) {
  static unsigned readings[16];
  unsigned reading = ++readings[(int)clock & 15];
  return honest_clock_gettime(clock) - (reading % 101 ? 0 : INT64_C(3600000000000));
}
