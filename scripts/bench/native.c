/*
 * Native C, what now() is held against: libc's clock_gettime(CLOCK_MONOTONIC), converted to a
 * double. Built with gcc -O2.
 *
 * For each line on standard input, which holds a number of calls, it makes so many in one loop and
 * answers with the nanoseconds that they took: one batch at a time, so that the benchmark can take
 * turns between this and JavaScript.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double nanoseconds(void) {
  struct timespec t;
  if (clock_gettime(CLOCK_MONOTONIC, &t) != 0) exit(1);
  return (double)(t.tv_sec * 1000000000LL + t.tv_nsec);
}

int main(void) {
  char line[32];
  volatile double sink; /* what nobody reads, the compiler may leave out */
  while (fgets(line, sizeof line, stdin)) {
    long calls = strtol(line, NULL, 10);
    double sum = 0;
    double start = nanoseconds();
    for (long i = 0; i < calls; i++) sum += nanoseconds();
    double end = nanoseconds();
    sink = sum;
    printf("%.0f\n", end - start);
    fflush(stdout);
  }
  (void)sink;
  return 0;
}
