/*
 * The shim on a machine whose clock is read by the system call, where all that was measured of that call
 * was disturbed the first time. To be built with the BUILD_ID of the real one.
 */
#define vdso_ticks_costs honest_ticks_costs
#define ARCH_HEADER "arch/x86_64.h"
#include "../../shim/vdso.c"
#undef vdso_ticks_costs

EXPORT void vdso_ticks_costs(double *out) {
  static unsigned measurements;
  out[0] = 10;
  out[1] = 250;
  out[2] = measurements++ ? 250 : 500;
}
