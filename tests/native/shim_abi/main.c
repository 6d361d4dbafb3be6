/*
 * shim_abi SHIM ENTRIES
 *
 * Loads the shim as a C program would, calls every function of it with good and bad
 * arguments, and prints a line "what result" for each call. Judges nothing but times, which differ
 * from run to run: 1 stands for a time between two readings of libc's own clock. The lines "cost"
 * are nanoseconds, for reports.
 *
 * ENTRIES: how many entries there are to bind.
 *
 * say.h tells which file prints what.
 */
#include <stdlib.h>
#include <sys/auxv.h>
#include "say.h"
#include "shim.h"

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  load(argv[1]);

  say("build_id", (int64_t)vdso_build_id());
  say("auxval", vdso_auxval(AT_SYSINFO_EHDR) == (int64_t)getauxval(AT_SYSINFO_EHDR));
  say("auxval.unknown", vdso_auxval(9999));
  say("auxval.negative", vdso_auxval(-1));
  say_bad_binds(atoi(argv[2]));
  say_clocks(); /* by the system call */
  say_order();
  say_getcpu();
  say("random.slot.unbound", vdso_random_slot());
  say_copies();
  say_bad_entries(atoi(argv[2]));
  bind_vdso();
  say_clocks(); /* by the vDSO, where there is one */
  say_order();
  say_getcpu();
  say_ticks();
  say_affinity();
  say_random();
  say_fork();
  say_normalized();
  say_loops();
  say_jitter();
  say_machine();
  say_entry_loops(atoi(argv[2]));
  say_sweep();
  return 0;
}
