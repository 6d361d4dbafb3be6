/*
 * What Debian's libstdc++, built for glibc, takes from there and musl does not have: so that the few
 * parts of it that a program for musl needs can be linked for musl. See scripts/hostile/musl.ts.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

/* Whether there is but one thread: then atomics would be spared. */
char __libc_single_threaded = 0;

uint32_t arc4random(void) {
  uint32_t number;
  if (getrandom(&number, sizeof number, 0) != sizeof number) abort();
  return number;
}

/* Finds no unwind tables; the caller then looks by itself. */
int _dl_find_object(void *address, void *result) {
  (void)address, (void)result;
  return -1;
}
