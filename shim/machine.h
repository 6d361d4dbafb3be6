/* What a doctor asks of the kernel and the CPU, and what else costs something. Part of vdso.c. */

enum { PR_GET_SECCOMP = 21 };           /* include/uapi/linux/prctl.h */
enum { SYSLOG_ACTION_READ_ALL = 3 };    /* include/linux/syslog.h */
enum { TIMEX_BYTES = 208 };             /* struct __kernel_timex on every CPU of 64 bits */

/* adjtimex(2) that changes nothing, whatever `out` holds: the state of the clock (TIME_OK and so on),
   or a negative errno. */
EXPORT int32_t vdso_adjtimex(void *out, int32_t length) {
  if (length < TIMEX_BYTES) return -EINVAL;
  *(volatile uint32_t *)out = 0; /* modes */
  return (int32_t)syscall(SYS_adjtimex, (long)out, 0, 0);
}

/* The newest bytes of the kernel's log, syslog(2): how many, or a negative errno. */
EXPORT int32_t vdso_syslog(void *out, int32_t length) {
  return (int32_t)syscall(SYS_syslog, SYSLOG_ACTION_READ_ALL, (long)out, length);
}

/* Whether a filter looks at this thread's system calls: 0, 2, or a negative errno. */
EXPORT int32_t vdso_seccomp(void) { return (int32_t)syscall(SYS_prctl, PR_GET_SECCOMP, 0, 0); }

/* EAX, EBX, ECX and EDX of one leaf of CPUID; 16, or -ENOSYS on other CPUs. */
EXPORT int32_t vdso_cpuid(int32_t leaf, void *out, int32_t length) {
#ifdef HAS_CPUID
  if (length < 16) return -EINVAL;
  struct cpuid r = cpuid((uint32_t)leaf);
  __builtin_memcpy(out, &r, sizeof r);
  return sizeof r;
#else
  (void)leaf, (void)out, (void)length;
  return -ENOSYS;
#endif
}

/* One call of an entry by its path, or by the system call; of no entry, the system call that does the
   least. Negative where it fails. */
static double call_entry(int32_t by_syscall, int32_t entry, double slot) {
  if (entry == ENTRY_GETRANDOM) return vdso_random_u32(slot);
  if (entry < 0) return (double)syscall(SYS_getpid, 0, 0, 0);
  if (by_syscall) return (double)vdso_syscall(entry, CLOCK_MONOTONIC);
  switch (entry) {
  case ENTRY_CLOCK_GETTIME: return vdso_now();
  case ENTRY_CLOCK_GETRES: return (double)vdso_clock_getres(CLOCK_MONOTONIC);
  case ENTRY_GETTIMEOFDAY: return vdso_gettimeofday();
  case ENTRY_TIME: return vdso_time();
  default: return vdso_getcpu();
  }
}

/* As vdso_loop(), for any entry; `entry` -1 is the system call that does the least, getpid(2). */
EXPORT double vdso_entry_loop(int32_t by_syscall, int32_t entry, int32_t calls) {
  double slot = entry == ENTRY_GETRANDOM && !by_syscall ? vdso_random_slot() : -1;
  double start = vdso_now();
  for (int32_t i = 0; i < calls; i++)
    if (UNLIKELY(!(call_entry(by_syscall, entry, slot) >= 0))) return __builtin_nan("");
  return vdso_now() - start;
}
