/* A library with the shim's functions, but not of this version's build. */
#include <stdint.h>

double vdso_build_id(void) { return 0x123456789abc; }

int32_t vdso_copy_image(void *out, int32_t length) {
  (void)out, (void)length;
  return 0;
}

int32_t vdso_bind(int32_t entry, int32_t offset) {
  (void)entry, (void)offset;
  return 0;
}

int32_t vdso_sweep(void) { return 0; }

double vdso_now(void) { return 42; }
