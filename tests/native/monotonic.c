/* CLOCK_MONOTONIC in nanoseconds, as C has it. */
#include <stdio.h>
#include <time.h>

int main(void) {
  struct timespec t;
  if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) return 1;
  printf("%lld\n", t.tv_sec * 1000000000LL + t.tv_nsec);
  return 0;
}
