/* What the vDSO is compared with and measured against. Part of vdso.c. */

/* ---- The same by the system call, which the vDSO is compared with. ---- */

/* What the entry's own function above would return, from the system call. */
EXPORT int64_t vdso_syscall(int32_t entry, int32_t clock) {
  struct timespec t;
  int error;
  switch (entry) {
  case ENTRY_CLOCK_GETTIME:
    error = syscall_clock_gettime(clock, &t);
    return nanoseconds(error, &t);
  case ENTRY_CLOCK_GETRES:
    error = syscall_clock_getres(clock, &t);
    return nanoseconds(error, &t);
  case ENTRY_GETTIMEOFDAY:
    return (int64_t)gettimeofday_by(syscall_gettimeofday);
  case ENTRY_TIME:
    return syscall_time(0);
  case ENTRY_GETCPU:
    return (int64_t)getcpu_by(syscall_getcpu);
  default:
    return -ENOSYS;
  }
}

/* Whether an entry stores a fraction below its unit, which the sums above would hide: 1, 0 or a
   negative errno. */
EXPORT int32_t vdso_is_normalized(int32_t entry, int32_t clock) {
  union {
    struct timespec spec;
    struct timeval val;
  } t;
  switch (entry) {
  case ENTRY_CLOCK_GETTIME:
  case ENTRY_CLOCK_GETRES: {
    int error = (entry == ENTRY_CLOCK_GETTIME ? read_clock : read_resolution)(clock, &t.spec);
    return error ? error : (uint64_t)t.spec.tv_nsec < NSEC_PER_SEC;
  }
  case ENTRY_GETTIMEOFDAY: {
    int error = CALL_VDSO(ENTRY(gettimeofday_fn, ENTRY_GETTIMEOFDAY), &t.val, (void *)0);
    return error ? error : (uint64_t)t.val.tv_usec < 1000000;
  }
  default:
    return -ENOSYS;
  }
}

/* Gets the CPUs that this thread may run on, or sets them: a bit for each. Returns how many bytes the
   kernel wrote, 0 when it has set them, or a negative errno. */
EXPORT int32_t vdso_affinity(int32_t set, void *mask, int32_t length) {
  return (int32_t)syscall(set ? SYS_sched_setaffinity : SYS_sched_getaffinity, 0, length, (long)mask);
}

/* ---- Native loop: what a call costs without JavaScript, in nanoseconds for all `calls`. ---- */

EXPORT double vdso_loop(int32_t by_syscall, int32_t clock, int32_t calls) {
  clock_fn *fn = by_syscall ? syscall_clock_gettime : ENTRY(clock_fn, ENTRY_CLOCK_GETTIME);
  volatile double sink; /* the conversion that now() makes is part of the price */
  double start = vdso_now();
  for (int32_t i = 0; i < calls; i++) {
    struct timespec t;
    if (UNLIKELY(CALL_VDSO(fn, clock, &t) != 0)) return __builtin_nan("");
    sink = (double)(t.tv_sec * NSEC_PER_SEC + t.tv_nsec);
  }
  (void)sink;
  return vdso_now() - start;
}
