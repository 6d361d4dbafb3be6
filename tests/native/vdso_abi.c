/*
 * vdso_abi
 *
 * Calls every function of the kernel's vDSO with pointers that it must not write through, each call
 * in a child process, and the system call with the same, and prints "entry pointer vdso syscall".
 * An outcome is the result (0 or a negative errno) or the signal that ended the child: a vDSO runs
 * in the process, so that it may well die of SIGSEGV where the system call says EFAULT.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
static const char prefix[] = "__vdso_", version[] = "LINUX_2.6";
#else
static const char prefix[] = "__kernel_", version[] = "LINUX_2.6.39";
#endif

typedef long function(void *fn, void *bad);

static long vdso_clock_gettime(void *fn, void *bad) {
  return ((int (*)(int, void *))fn)(CLOCK_MONOTONIC, bad);
}
static long sys_clock_gettime(void *fn, void *bad) {
  (void)fn;
  return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, bad);
}
static long sys_clock_getres(void *fn, void *bad) {
  (void)fn;
  return syscall(SYS_clock_getres, CLOCK_MONOTONIC, bad);
}
static long vdso_gettimeofday(void *fn, void *bad) {
  return ((int (*)(void *, void *))fn)(bad, NULL);
}
static long sys_gettimeofday(void *fn, void *bad) {
  (void)fn;
  return syscall(SYS_gettimeofday, bad, NULL);
}
static long vdso_getcpu(void *fn, void *bad) {
  return ((int (*)(void *, void *, void *))fn)(bad, bad, NULL);
}
static long sys_getcpu(void *fn, void *bad) {
  (void)fn;
  return syscall(SYS_getcpu, bad, bad, NULL);
}
#ifdef SYS_time
static long vdso_time(void *fn, void *bad) { return ((long (*)(void *))fn)(bad) < 0; }
static long sys_time(void *fn, void *bad) {
  (void)fn;
  return syscall(SYS_time, bad) < 0 ? -1 : 0;
}
#endif

static const struct {
  const char *name;
  function *vdso, *system;
} entries[] = {
    {"clock_gettime", vdso_clock_gettime, sys_clock_gettime},
    {"clock_getres", vdso_clock_gettime, sys_clock_getres}, /* of the same prototype */
    {"gettimeofday", vdso_gettimeofday, sys_gettimeofday},
    {"getcpu", vdso_getcpu, sys_getcpu},
#ifdef SYS_time
    {"time", vdso_time, sys_time},
#endif
};

/* What became of the call, in a child: "0", "-14", or "signal 11". */
static const char *outcome(function *call, void *fn, void *bad, int is_syscall, char text[32]) {
  int status;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    long result = call(fn, bad);
    _exit(is_syscall && result == -1 ? errno : (int)-result);
  }
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) snprintf(text, 32, "signal %d", WTERMSIG(status));
  else snprintf(text, 32, "%d", -WEXITSTATUS(status));
  return text;
}

int main(void) {
  char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const struct {
    const char *name;
    void *pointer;
  } pointers[] = {
      {"writable", page},
      {"unaligned", page + 1},
      {"null", NULL},
      {"inaccessible", mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)},
      {"read_only", mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)},
      {"kernel", (void *)(UINTPTR_MAX - 4095)},
  };
  void *vdso = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
  for (size_t e = 0; e < sizeof entries / sizeof *entries; e++) {
    char name[64], a[32], b[32];
    snprintf(name, sizeof name, "%s%s", prefix, entries[e].name);
    void *fn = vdso ? dlvsym(vdso, name, version) : NULL;
    if (!fn) continue;
    for (size_t p = 0; p < sizeof pointers / sizeof *pointers; p++) {
      void *bad = pointers[p].pointer;
      printf("%s %s / %s / %s\n", entries[e].name, pointers[p].name,
             outcome(entries[e].vdso, fn, bad, 0, a), outcome(entries[e].system, fn, bad, 1, b));
    }
  }
  return 0;
}
