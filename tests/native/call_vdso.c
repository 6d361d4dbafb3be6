/*
 * call_vdso SONAME SYMBOL VERSION
 *
 * CALL_VDSO of the shim, linked in: what it makes of the answers of the vDSO's clock_gettime
 * and of system calls. The shim itself would not show a wrong errno of the vDSO, since it asks
 * the system call after that.
 *
 * Compiled with the shim's own macros, ARCH_HEADER and BUILD_ID. No header of libc: they would
 * define the same names.
 */
#include "../../shim/vdso.c"

extern int printf(const char *format, ...);
extern void *dlopen(const char *name, int flags);
extern void *dlvsym(void *library, const char *symbol, const char *version);

enum { RTLD_NOW = 2, RTLD_NOLOAD = 4 };
enum { NO_CLOCK = 12 };

int main(int argc, char **argv) {
  struct timespec t;
  char bytes[8];
  if (argc < 4) return 2;
  void *vdso = dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD);
  clock_fn *fn = vdso ? (clock_fn *)dlvsym(vdso, argv[2], argv[3]) : 0;
  if (!fn) return 1;
  printf("vdso.clock %ld\n", (long)CALL_VDSO(fn, CLOCK_MONOTONIC, &t));
  printf("vdso.no_clock %ld\n", (long)CALL_VDSO(fn, NO_CLOCK, &t));
  printf("syscall.clock %ld\n", (long)CALL_VDSO(syscall_clock_gettime, CLOCK_MONOTONIC, &t));
  printf("syscall.no_clock %ld\n", (long)CALL_VDSO(syscall_clock_gettime, NO_CLOCK, &t));
  printf("syscall.bytes %ld\n", (long)CALL_VDSO(syscall_getrandom, bytes, sizeof bytes, 0, 0, 0));
  printf("syscall.no_buffer %ld\n", (long)CALL_VDSO(syscall_getrandom, (void *)0, 8, 0, 0, 0));
  return 0;
}
