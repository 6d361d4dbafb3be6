/*
 * Work of a cost that is known, to see whether a benchmark finds it, and that cost as measured here,
 * in C: a chain of multiplications that no CPU can shorten; spinning until so many nanoseconds are
 * over; sleeping for so long.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <time.h>

/* Waits for all instructions before it: or calls would overlap, each costing less than it takes. */
static inline void barrier(void)
{
#if defined(__x86_64__)
  __asm__ volatile("lfence" ::: "memory");
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#else
#error "No barrier is known for this CPU"
#endif
}

static inline int64_t now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* One multiplication after the other: each needs the result of the one before. */
double work(double iterations)
{
  uint64_t x = 88172645463325252u;
  barrier();
  for (int64_t i = (int64_t)iterations; i > 0; i--) {
    x *= 6364136223846793005u;
    __asm__ volatile("" : "+r"(x)); /* or gcc would compute a closed form */
  }
  barrier();
  return (double)(x >> 12);
}

double spin(double ns)
{
  int64_t start = now(), end = start;
  while (end - start < (int64_t)ns)
    end = now();
  return (double)(end - start);
}

/* The kernel wakes a thread late, by 50 us and more: the last part is spun away. */
enum { LATE_NS = 300000 };

double rest(double ns)
{
  int64_t until = now() + (int64_t)ns;
  int64_t wake = until - LATE_NS;
  struct timespec t = { wake / 1000000000, wake % 1000000000 };
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0);
  int64_t end = now();
  while (end < until)
    end = now();
  return (double)(end - until);
}

/* Nanoseconds for so many calls. */
#define TIME(name)                                        \
  double name##_ns(double argument, double calls) {       \
    volatile double sink = 0;                             \
    int64_t start = now();                                \
    for (int64_t i = (int64_t)calls; i > 0; i--)          \
      sink = name(argument);                              \
    (void)sink;                                           \
    return (double)(now() - start);                       \
  }

TIME(work)
TIME(spin)
