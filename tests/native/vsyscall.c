/*
 * vsyscall [PAGE]
 *
 * Calls the x86_64 vsyscalls beside the vDSO and the system calls: what each answers and costs. The
 * vsyscall page lies at one address in every process. Today the kernel emulates it in the page fault
 * that a call causes (arch/x86/entry/vsyscall/vsyscall_64.c), or, under vsyscall=none, sends SIGSEGV,
 * which this program survives. PAGE, in hex, is tried in its place.
 *
 * Prints a line per call and path: nanoseconds per call and the value, or SIGSEGV; the values of one
 * call are read in the order of the lines. Exit code 0 whatever the kernel does, 1 if nothing can be
 * measured, 2 for wrong usage.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifndef __x86_64__
#error "only x86_64 has vsyscalls"
#endif

enum { ROUNDS = 25, CALLS = 1000 };

typedef int gettimeofday_fn(struct timeval *, void *);
typedef long time_fn(long *);
typedef int getcpu_fn(unsigned *cpu, unsigned *node, void *);

#define VSYSCALL_PAGE 0xffffffffff600000u /* arch/x86/include/uapi/asm/vsyscall.h */

/* ---- The three calls, each by a pointer; what they return is one number. ---- */

static int64_t read_gettimeofday(void *fn) {
  struct timeval t;
  ((gettimeofday_fn *)fn)(&t, NULL);
  return t.tv_sec * 1000000LL + t.tv_usec;
}

static int64_t read_time(void *fn) { return ((time_fn *)fn)(NULL); }

static int64_t read_getcpu(void *fn) {
  unsigned cpu, node;
  ((getcpu_fn *)fn)(&cpu, &node, NULL);
  return cpu;
}

static int syscall_gettimeofday(struct timeval *t, void *timezone) {
  return (int)syscall(SYS_gettimeofday, t, timezone);
}

static long syscall_time(long *t) { return syscall(SYS_time, t); }

static int syscall_getcpu(unsigned *cpu, unsigned *node, void *unused) {
  return (int)syscall(SYS_getcpu, cpu, node, unused);
}

struct call {
  const char *name;
  const char *symbol; /* in the vDSO */
  void *system_call;
  uintptr_t offset; /* in the vsyscall page */
  int64_t (*read)(void *fn);
};

static const struct call calls[] = {
  {"gettimeofday", "__vdso_gettimeofday", (void *)syscall_gettimeofday, 0, read_gettimeofday},
  {"time", "__vdso_time", (void *)syscall_time, 0x400, read_time},
  {"getcpu", "__vdso_getcpu", (void *)syscall_getcpu, 0x800, read_getcpu},
};

/* ---- Measuring. ---- */

static sigjmp_buf before_call;

static void on_segv(int signal) {
  (void)signal;
  siglongjmp(before_call, 1);
}

/* Whether `fn` can be called at all. */
static int answers(int64_t (*read)(void *), void *fn, int64_t *value) {
  if (sigsetjmp(before_call, 1)) return 0;
  *value = read(fn);
  return 1;
}

static double monotonic(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static double loop(int64_t (*read)(void *), void *fn) {
  volatile int64_t sink;
  double start = monotonic();
  for (int i = 0; i < CALLS; i++) sink = read(fn);
  (void)sink;
  return (monotonic() - start) / CALLS;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

struct path {
  const char *name;
  void *fn;
  int64_t value;
  int alive;
  double ns[ROUNDS];
};

enum { PATHS = 3 };

static void measure(const struct call *call, void *vdso, uintptr_t page) {
  struct path paths[PATHS] = {
    {.name = "vdso", .fn = dlsym(vdso, call->symbol)},
    {.name = "system-call", .fn = call->system_call},
    {.name = "vsyscall", .fn = (void *)(page + call->offset)},
  };
  for (struct path *path = paths; path < paths + PATHS; path++)
    path->alive = answers(call->read, path->fn, &path->value);
  /* Alternating, so that whatever else runs here meets all of them. */
  for (int round = 0; round < ROUNDS; round++)
    for (struct path *path = paths; path < paths + PATHS; path++)
      if (path->alive) path->ns[round] = loop(call->read, path->fn);
  for (struct path *path = paths; path < paths + PATHS; path++) {
    printf("%-12s  %-11s  ", call->name, path->name);
    if (!path->alive) {
      printf("%11s  SIGSEGV\n", "-");
      continue;
    }
    qsort(path->ns, ROUNDS, sizeof *path->ns, ascending);
    printf("%11.1f  %lld\n", path->ns[ROUNDS / 2], (long long)path->value);
  }
}

/* The page's permissions in /proc/self/maps: "r-xp" is vsyscall=emulate, "--xp" xonly. */
static void print_mapping(void) {
  char line[256], permissions[8] = "";
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps))
    if (strstr(line, "[vsyscall]")) sscanf(line, "%*s %7s", permissions);
  if (maps) fclose(maps);
  printf("[vsyscall] %s\n", *permissions ? permissions : "not mapped");
}

int main(int argc, char **argv) {
  char *end = "";
  uintptr_t page = argc == 2 ? strtoul(argv[1], &end, 16) : VSYSCALL_PAGE;
  if (argc > 2 || *end) return fprintf(stderr, "usage: vsyscall [PAGE]\n"), 2;

  /* On one CPU: getcpu answers the same each time, and nothing moves meanwhile. */
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(sched_getcpu(), &here);
  sched_setaffinity(0, sizeof here, &here);
  signal(SIGSEGV, on_segv);

  void *vdso = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
  if (!vdso) return fprintf(stderr, "vsyscall: this process has no vDSO\n"), 1;

  print_mapping();
  printf("%-12s  %-11s  %11s  %s\n", "call", "path", "ns per call", "value");
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) measure(&calls[i], vdso, page);
  return 0;
}
