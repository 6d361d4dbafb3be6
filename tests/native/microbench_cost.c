/*
 * Work of a cost that is known, to see whether a benchmark finds it: a chain of multiplications that
 * no CPU can shorten, and its cost measured here, in C.
 */
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

/* Nanoseconds for so many calls of work(iterations). */
double work_ns(double iterations, double calls)
{
	volatile double sink;
	struct timespec start, end;
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int64_t i = (int64_t)calls; i > 0; i--)
		sink = work(iterations);
	clock_gettime(CLOCK_MONOTONIC, &end);
	(void)sink;
	return (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
}
