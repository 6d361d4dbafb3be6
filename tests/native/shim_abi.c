/*
 * shim_abi TRAMPOLINE ENTRIES
 *
 * Loads the shim as a C program would, calls every function of it with good and bad
 * arguments, and prints a line "what result" for each call. Judges nothing but times, which differ
 * from run to run: 1 stands for a time between two readings of libc's own clock. The lines "cost"
 * are nanoseconds, for reports.
 *
 * ENTRIES: how many entries there are to bind.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

static double (*vdso_build_id)(void);
static int64_t (*vdso_auxval)(int32_t);
static int32_t (*vdso_copy_image)(void *, int32_t);
static int32_t (*vdso_bind)(int32_t, int32_t);
static int32_t (*vdso_sweep)(void);
static double (*vdso_now)(void);
static double (*vdso_clock)(double);
static int64_t (*vdso_clock_gettime)(double);
static int64_t (*vdso_clock_getres)(double);
static double (*vdso_gettimeofday)(void);
static double (*vdso_time)(void);
static double (*vdso_getcpu)(void);
static double (*vdso_cpu)(void);
static double (*vdso_ticks)(void);
static double (*vdso_ticks_frequency)(void);
static void (*vdso_ticks_sample)(double *);
static void (*vdso_ticks_costs)(double *);
static int32_t (*vdso_random_slot)(void);
static double (*vdso_getrandom)(double, void *);
static double (*vdso_random_u32)(double);
static double (*vdso_random_f64)(double);
static int64_t (*vdso_syscall)(int32_t, int32_t);
static int32_t (*vdso_is_normalized)(int32_t, int32_t);
static int32_t (*vdso_affinity)(int32_t, void *, int32_t);
static double (*vdso_loop)(int32_t, int32_t, int32_t);
static int32_t (*vdso_jitter)(void *, int32_t);
static int32_t (*vdso_adjtimex)(void *, int32_t);
static int32_t (*vdso_syslog)(void *, int32_t);
static int32_t (*vdso_seccomp)(void);
static int32_t (*vdso_cpuid)(int32_t, void *, int32_t);
static double (*vdso_entry_loop)(int32_t, int32_t, int32_t);

static void *symbol(void *library, const char *name) {
  void *address = dlsym(library, name);
  if (address) return address;
  fprintf(stderr, "shim_abi: %s\n", dlerror());
  exit(1);
}

static void load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "shim_abi: %s\n", dlerror());
    exit(1);
  }
#define LOAD(name) name = symbol(library, #name)
  LOAD(vdso_build_id);
  LOAD(vdso_auxval);
  LOAD(vdso_copy_image);
  LOAD(vdso_bind);
  LOAD(vdso_sweep);
  LOAD(vdso_now);
  LOAD(vdso_clock);
  LOAD(vdso_clock_gettime);
  LOAD(vdso_clock_getres);
  LOAD(vdso_gettimeofday);
  LOAD(vdso_time);
  LOAD(vdso_getcpu);
  LOAD(vdso_cpu);
  LOAD(vdso_ticks);
  LOAD(vdso_ticks_frequency);
  LOAD(vdso_ticks_sample);
  LOAD(vdso_ticks_costs);
  LOAD(vdso_random_slot);
  LOAD(vdso_getrandom);
  LOAD(vdso_random_u32);
  LOAD(vdso_random_f64);
  LOAD(vdso_syscall);
  LOAD(vdso_is_normalized);
  LOAD(vdso_affinity);
  LOAD(vdso_loop);
  LOAD(vdso_jitter);
  LOAD(vdso_adjtimex);
  LOAD(vdso_syslog);
  LOAD(vdso_seccomp);
  LOAD(vdso_cpuid);
  LOAD(vdso_entry_loop);
#undef LOAD
}

/* The entries, in the order of the shim's own. */
enum { CLOCK_GETTIME, CLOCK_GETRES, GETTIMEOFDAY, TIME, GETCPU, GETRANDOM };

static void say(const char *what, int64_t result) { printf("%s %lld\n", what, (long long)result); }

/* ---- Clocks ---- */

static int64_t libc_time(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t) != 0) abort();
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

#define SAY_TIME(what, clock, call)                                                           \
  do {                                                                                        \
    int64_t before = libc_time(clock), time = (int64_t)(call), after = libc_time(clock);      \
    say(what, before <= time && time <= after);                                               \
  } while (0)

static void say_clocks(void) {
  SAY_TIME("now", CLOCK_MONOTONIC, vdso_now());
  SAY_TIME("clock", CLOCK_MONOTONIC_RAW, vdso_clock(CLOCK_MONOTONIC_RAW));
  say("clock.bad", isnan(vdso_clock(12)));
  SAY_TIME("clock_gettime", CLOCK_BOOTTIME, vdso_clock_gettime(CLOCK_BOOTTIME));
  SAY_TIME("syscall.clock_gettime", CLOCK_TAI, vdso_syscall(CLOCK_GETTIME, CLOCK_TAI));
  say("clock_getres", vdso_clock_getres(CLOCK_MONOTONIC));
  say("syscall.clock_getres", vdso_syscall(CLOCK_GETRES, CLOCK_MONOTONIC));
  int64_t before = libc_time(CLOCK_REALTIME) / 1000;
  int64_t time = (int64_t)vdso_gettimeofday(), again = vdso_syscall(GETTIMEOFDAY, 0);
  say("gettimeofday", before <= time && time <= again);
  say("syscall.gettimeofday", again <= libc_time(CLOCK_REALTIME) / 1000);
  int64_t seconds = libc_time(CLOCK_REALTIME_COARSE) / 1000000000;
  say("time", labs(seconds - (int64_t)vdso_time()) <= 1);
  say("syscall.time", labs(seconds - vdso_syscall(TIME, 0)) <= 1);
  say("syscall.unknown", vdso_syscall(GETRANDOM, 0));
  say("syscall.bad", vdso_syscall(-1, 0));
  static const int32_t bad[] = {-1, INT_MIN, INT_MAX, 10, 12};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    say("clock_gettime.bad", vdso_clock_gettime(bad[i]) - INT64_MIN);
    say("clock_getres.bad", vdso_clock_getres(bad[i]) - INT64_MIN);
    say("syscall.clock_gettime.bad", vdso_syscall(CLOCK_GETTIME, bad[i]) - INT64_MIN);
    say("syscall.clock_getres.bad", vdso_syscall(CLOCK_GETRES, bad[i]) - INT64_MIN);
  }
}

/* What each entry says, between two system calls. */
static void say_order(void) {
  enum { ROUNDS = 300 };
  static const clockid_t clocks[] = {CLOCK_REALTIME,        CLOCK_MONOTONIC,        CLOCK_MONOTONIC_RAW,
                                     CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME,
                                     CLOCK_TAI};
  int wrong = 0;
  int64_t before, time;
  for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
    for (int round = 0; round < ROUNDS; round++) {
      before = vdso_syscall(CLOCK_GETTIME, clocks[i]);
      time = vdso_clock_gettime(clocks[i]);
      wrong += before > time || time > vdso_syscall(CLOCK_GETTIME, clocks[i]);
    }
    wrong += vdso_clock_getres(clocks[i]) != vdso_syscall(CLOCK_GETRES, clocks[i]);
  }
  for (int round = 0; round < ROUNDS; round++) {
    before = vdso_syscall(GETTIMEOFDAY, 0);
    time = (int64_t)vdso_gettimeofday();
    wrong += before > time || time > vdso_syscall(GETTIMEOFDAY, 0);
    before = vdso_syscall(TIME, 0);
    time = (int64_t)vdso_time();
    wrong += before > time || time > vdso_syscall(TIME, 0);
  }
  say("order.wrong", wrong);
}

/* ---- The CPU ---- */

/* Pinned to each CPU that there is in turn. */
static void say_getcpu(void) {
  cpu_set_t all, one;
  int wrong = 0;
  if (sched_getaffinity(0, sizeof all, &all) != 0) abort();
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &all)) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) abort();
    if ((uint32_t)(uint64_t)vdso_getcpu() != (uint32_t)cpu) wrong++;
    if (vdso_cpu() != cpu) wrong++;
    if (vdso_syscall(GETCPU, 0) != (int64_t)vdso_getcpu()) wrong++;
  }
  sched_setaffinity(0, sizeof all, &all);
  say("getcpu.wrong", wrong);
}

static void say_ticks(void) {
  double hz = vdso_ticks_frequency(); /* fixes the origin */
  double sample[2], first = vdso_ticks(), last = vdso_ticks();
  vdso_ticks_sample(sample);
  say("ticks", 0 <= first && first <= last && last < sample[0] && sample[0] < vdso_ticks());
  int64_t raw = libc_time(CLOCK_MONOTONIC_RAW);
  say("ticks.sample", raw - 1000000000 < sample[1] && sample[1] <= raw);
  say("ticks.frequency", hz == 0 || hz > 1e6);
  double costs[4] = {0, 0, 0, -1};
  vdso_ticks_costs(costs);
  say("ticks.costs", costs[0] >= 0 && costs[1] > 0 && costs[2] > 0 && costs[2] < 1e12 && costs[3] == -1);
}

static void say_affinity(void) {
  uint64_t before[16] = {0}, after[16] = {0};
  int32_t bytes = vdso_affinity(0, before, sizeof before);
  say("affinity", bytes > 0 && vdso_affinity(1, before, bytes) == 0);
  say("affinity.equal", vdso_affinity(0, after, sizeof after) == bytes && before[0] == after[0]);
  say("affinity.null", vdso_affinity(0, NULL, sizeof before));
}

/* ---- Random numbers ---- */

enum { NO_SLOT = -1 };

/* vdso_getrandom()'s one number: see shim/vdso.c. */
static double request(uint64_t length, uint64_t flags, int32_t slot) {
  return (double)(length | flags << 31 | (uint64_t)(slot + 1) << 34);
}

static void *use_slot_of_other_thread(void *slot) {
  static double result;
  result = vdso_random_u32(*(int32_t *)slot);
  return &result;
}

static void *take_slot(void *slot) {
  *(int32_t *)slot = vdso_random_slot();
  return NULL;
}

static void say_random(void) {
  enum { LENGTH = 1 << 20 };
  static unsigned char bytes[LENGTH + 2];
  static const int32_t lengths[] = {1, 7, 8, 64, 4096, LENGTH};
  int32_t slot = vdso_random_slot(), other, next;
  say("random.slot", slot >= 0);
  say("random.slot.again", vdso_random_slot() == slot);
  for (int use = 0; use < 2; use++) {
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
      int32_t length = lengths[i];
      int most = 0;
      /* A byte is zero five times in a row once in 2^40 times. */
      for (int round = 0; round < 5; round++) {
        memset(bytes, 0, sizeof bytes);
        if (vdso_getrandom(request(length, 0, use ? slot : NO_SLOT), bytes + 1) != 0) abort();
        if (bytes[0] || bytes[length + 1]) most = 2;
        if (!most) most = bytes[1] && bytes[length];
      }
      say("random.filled", most);
    }
    double u32 = vdso_random_u32(use ? slot : NO_SLOT), f64 = vdso_random_f64(use ? slot : NO_SLOT);
    say("random.u32", 0 <= u32 && u32 < 4294967296.0 && u32 == (uint32_t)u32);
    say("random.f64", 0 <= f64 && f64 < 1);
  }
  say("random.none", vdso_getrandom(request(0, 0, slot), NULL));
  say("random.null", vdso_getrandom(request(8, 0, NO_SLOT), NULL));
  say("random.flags", vdso_getrandom(request(8, 6, NO_SLOT), bytes)); /* RANDOM and INSECURE */
  pthread_t thread;
  void *result;
  if (pthread_create(&thread, NULL, use_slot_of_other_thread, &slot) != 0) abort();
  pthread_join(thread, &result);
  say("random.other_thread", slot < 0 || *(double *)result == -ESRCH);
  /* The slot of a thread that has ended is the next one's. */
  if (pthread_create(&thread, NULL, take_slot, &other) != 0) abort();
  pthread_join(thread, NULL);
  usleep(10000);
  if (pthread_create(&thread, NULL, take_slot, &next) != 0) abort();
  pthread_join(thread, NULL);
  say("random.reused", other == next && (slot < 0 || other != slot));
}

/* A forked child has its parent's slots, but never its numbers. */
static void say_fork(void) {
  int32_t slot = vdso_random_slot();
  int pipes[2];
  double numbers[2][64];
  vdso_random_u32(slot);
  if (pipe(pipes) != 0) abort();
  pid_t child = fork();
  for (int i = 0; i < 64; i++) numbers[0][i] = vdso_random_u32(slot);
  if (child == 0) _exit(write(pipes[1], numbers[0], sizeof numbers[0]) < 0);
  if (read(pipes[0], numbers[1], sizeof numbers[1]) != sizeof numbers[1]) abort();
  waitpid(child, NULL, 0);
  int equal = 0;
  for (int i = 0; i < 64; i++) equal += numbers[0][i] == numbers[1][i];
  say("random.fork", equal);
}

static void say_normalized(void) {
  for (int32_t entry = CLOCK_GETTIME; entry <= GETTIMEOFDAY; entry++)
    say("normalized", vdso_is_normalized(entry, CLOCK_MONOTONIC));
  say("normalized.bad", vdso_is_normalized(CLOCK_GETTIME, 12));
  say("normalized.bad", vdso_is_normalized(CLOCK_GETRES, 12));
  say("normalized.unknown", vdso_is_normalized(TIME, 0));
}

/* Of one call, in the round that nothing else disturbed. */
static int64_t least_cost(int32_t by_syscall) {
  enum { ROUNDS = 31, CALLS = 500 };
  double least = INFINITY;
  for (int i = 0; i < ROUNDS; i++) {
    double ns = vdso_loop(by_syscall, CLOCK_MONOTONIC, CALLS);
    if (ns < least) least = ns;
  }
  return (int64_t)(least / CALLS);
}

static void say_loops(void) {
  say("loop_entry", vdso_loop(0, CLOCK_MONOTONIC, 1000) > 0);
  say("loop_entry.none", vdso_loop(0, CLOCK_MONOTONIC, 0) >= 0);
  say("loop_entry.negative", vdso_loop(0, CLOCK_MONOTONIC, INT_MIN) >= 0);
  say("loop_entry.bad", isnan(vdso_loop(0, 12, 1)));
  say("loop_syscall", vdso_loop(1, CLOCK_MONOTONIC, 1000) > 0);
  say("loop_syscall.bad", isnan(vdso_loop(1, 12, 1)));
  say("cost.entry", least_cost(0));
  say("cost.syscall", least_cost(1));
}

/* ---- The jitter loop ---- */

static int32_t run_jitter(double *m, size_t length, double by_clock, double threshold, double ticks,
                          double ns) {
  m[0] = by_clock, m[1] = threshold, m[2] = ticks, m[3] = ns;
  return vdso_jitter(m, (int32_t)length);
}

/* Where things are: shim/jitter.h. */
static void say_jitter(void) {
  enum { ELAPSED = 9, READINGS, GAPS, LOST, BLIND, COUNTS = 17, BUCKETS = 5376, WORST = 2 };
  enum { LENGTH = COUNTS + BUCKETS + 4 * WORST };
  static double m[LENGTH + 1];
  const size_t size = LENGTH * sizeof *m;
  m[LENGTH] = -1;
  double *worst = m + COUNTS + BUCKETS;
  vdso_ticks_frequency();
  /* By the counter, and with CLOCK_MONOTONIC in its place; ended by the length in ticks, and in time. */
  for (int by_clock = 0; by_clock < 2; by_clock++) {
    double counts = 0, before = m[COUNTS + BUCKETS - 1];
    memset(m, 0, size);
    int64_t start = libc_time(CLOCK_MONOTONIC);
    say("jitter", run_jitter(m, size, by_clock, 0, 3e6, 1e9));
    for (int i = 0; i < BUCKETS; i++) counts += m[COUNTS + i];
    say("jitter.counts", counts == m[GAPS] && counts > 0 && counts <= m[READINGS] && before == 0);
    say("jitter.times", m[LOST] + m[BLIND] <= m[ELAPSED] && m[ELAPSED] >= 3e6);
    say("jitter.start", start <= m[8] && m[8] <= libc_time(CLOCK_MONOTONIC));
    /* On a busy machine one gap may be all of the time. */
    const int both = (worst[0] > 0) + (worst[4] > 0) == (m[GAPS] < 2 ? m[GAPS] : 2);
    say("jitter.worst", both && worst[1] <= m[ELAPSED] && worst[3] >= 0);
    say("jitter.end", run_jitter(m, size, by_clock, 1e18, 1e18, 3e6));
    int64_t end = libc_time(CLOCK_MONOTONIC);
    say("jitter.time", m[8] + 3e6 <= end && m[GAPS] == 0);
  }
  say("jitter.none", run_jitter(m, size, 0, 0, 0, 0));
  say("jitter.readings", (int64_t)m[READINGS]);
  say("jitter.beyond", (int64_t)m[LENGTH]);
  say("jitter.small", run_jitter(m, size - 4 * WORST * sizeof *m, 0, 0, 1, 1));
  say("jitter.small", vdso_jitter(NULL, 0));
  say("jitter.small", vdso_jitter(NULL, INT_MIN));
  static const double bad[] = {-1, 1e19, NAN};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    say("jitter.bad", run_jitter(m, size, 0, bad[i], 1, 1));
    say("jitter.bad", run_jitter(m, size, 0, 1, bad[i], 1));
    say("jitter.bad", run_jitter(m, size, 0, 1, 1, bad[i]));
  }
}

/* ---- Kernel and CPU ---- */

static void say_machine(void) {
  uint32_t leaf[5] = {0, 0, 0, 0, 0x55};
  struct timex expected = {0};
  union {
    struct timex x;
    unsigned char bytes[sizeof(struct timex) + 1];
  } found;
  memset(&found, 0x55, sizeof found); /* modes that would set everything */
  int state = adjtimex(&expected);
  say("adjtimex.state", vdso_adjtimex(&found, sizeof found.x) == state);
  say("adjtimex.equal", found.x.tick == expected.tick && found.x.freq == expected.freq &&
                          found.x.status == expected.status && found.x.time.tv_sec >= expected.time.tv_sec);
  say("adjtimex.beyond", found.bytes[sizeof found.x]);
  say("adjtimex.short", vdso_adjtimex(&found, sizeof found.x - 1));
  say("adjtimex.null", vdso_adjtimex(NULL, 0));
  say("syslog.negative", vdso_syslog(leaf, -1) < 0);
  int mode = prctl(PR_GET_SECCOMP);
  say("seccomp", vdso_seccomp() == (mode < 0 ? -errno : mode));
  int32_t bytes = vdso_cpuid(0, leaf, sizeof leaf);
#ifdef __x86_64__
  say("cpuid", bytes == 16 && leaf[1] != 0 && leaf[4] == 0x55 && vdso_cpuid(0, leaf, 15) == -EINVAL);
#else
  say("cpuid", bytes == -ENOSYS && leaf[0] == 0);
#endif
}

static void say_entry_loops(int32_t entries) {
  for (int32_t by_syscall = 0; by_syscall < 2; by_syscall++)
    for (int32_t entry = -1; entry < entries; entry++)
      say("entry_loop", vdso_entry_loop(by_syscall, entry, 1000) > 0);
  say("entry_loop.none", vdso_entry_loop(0, -1, INT_MIN) >= 0);
}

/* ---- The image ---- */

static char *map(size_t size, int protection) {
  char *at = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) abort();
  return at;
}

/* Bytes of [vdso] in /proc/self/maps, 0 without it. */
static size_t mapped_size(void) {
  char line[512];
  unsigned long start, end;
  size_t size = 0;
  FILE *maps = fopen("/proc/self/maps", "re");
  while (maps && fgets(line, sizeof line, maps))
    if (strstr(line, "[vdso]") && sscanf(line, "%lx-%lx", &start, &end) == 2) size = end - start;
  if (maps) fclose(maps);
  return size;
}

static void say_copies(void) {
  enum { PAGE = 4096 };
  const char *image = (const char *)getauxval(AT_SYSINFO_EHDR);
  char *all = map(INT_MAX, PROT_READ | PROT_WRITE);
  char *first_page_alone = map(65536 * 2, PROT_READ | PROT_WRITE);
  mprotect(first_page_alone + 65536, 65536, PROT_NONE);

  say("copy.none", vdso_copy_image(all, 0));
  say("copy.negative", vdso_copy_image(all, INT_MIN));
  say("copy.one", vdso_copy_image(all, 1));
  say("bind.unread", vdso_bind(0, 1)); /* the one byte that has been read is no function */
  int32_t length = vdso_copy_image(all, INT_MAX);
  if (length > 0) {
    /* Something else may be mapped right behind it. */
    size_t size = mapped_size();
    say("copy.all", (size_t)length >= size);
    say("copy.equal", memcmp(all, image, size) == 0);
  } else {
    say("copy.all", length);
  }
  say("copy.null", vdso_copy_image(NULL, PAGE));
  say("copy.inaccessible", vdso_copy_image(first_page_alone + 65536, PAGE));
  say("copy.read_only", vdso_copy_image(map(65536, PROT_READ), PAGE));
  say("copy.ends", vdso_copy_image(first_page_alone + 65536 - PAGE, 2 * PAGE));

  say("bind.beyond", vdso_bind(0, length > 0 ? length : PAGE));
  say("bind.far_beyond", vdso_bind(0, INT_MAX));
}

/* With an offset that would do, once the image has been read. */
static void say_bad_entries(int32_t entries) {
  say("bind.entry_negative", vdso_bind(-1, 16));
  say("bind.entry_min", vdso_bind(INT_MIN, 16));
  say("bind.entry_too_high", vdso_bind(entries, 16));
  say("bind.entry_max", vdso_bind(INT_MAX, 16));
}

static void say_bad_binds(int32_t entries) {
  say("bind.before", vdso_bind(0, 16)); /* nothing has been read yet */
  say("bind.before", vdso_bind(entries - 1, 16));
  say("bind.offset_negative", vdso_bind(0, -1));
  say("bind.offset_min", vdso_bind(0, INT_MIN));
  say("bind.offset_zero", vdso_bind(0, 0));
}

#if defined(__x86_64__)
#define VDSO "linux-vdso.so.1", "__vdso_", "LINUX_2.6"
#elif defined(__aarch64__)
#define VDSO "linux-vdso.so.1", "__kernel_", "LINUX_2.6.39"
#elif defined(__riscv)
#define VDSO "linux-vdso.so.1", "__vdso_", "LINUX_4.15"
#elif defined(__powerpc64__)
#define VDSO "linux-vdso64.so.1", "__kernel_", "LINUX_2.6.15"
#elif defined(__s390x__)
#define VDSO "linux-vdso64.so.1", "__kernel_", "LINUX_2.6.29"
#else
#error "shim_abi does not know this CPU"
#endif

/* By the dynamic linker's own lookup, where it knows the vDSO. */
static void bind_vdso(void) {
  static const char *const names[] = {"clock_gettime", "clock_getres", "gettimeofday",
                                      "time", "getcpu", "getrandom"};
  static const struct {
    const char *soname, *prefix, *version;
  } known = {VDSO};
  void *vdso = dlopen(known.soname, RTLD_NOW | RTLD_NOLOAD);
  for (int32_t i = CLOCK_GETTIME; vdso && i <= GETRANDOM; i++) {
    char name[64];
    snprintf(name, sizeof name, "%s%s", known.prefix, names[i]);
    char *function = dlvsym(vdso, name, known.version);
    if (!function) continue; /* this kernel has none */
    snprintf(name, sizeof name, "bind.%s", names[i]);
    say(name, vdso_bind(i, (int32_t)(function - (char *)getauxval(AT_SYSINFO_EHDR))));
  }
}

/* ---- What is left behind ---- */

static void *write_thread_name(void *name) {
  ssize_t length = readlink("/proc/thread-self", name, PATH_MAX - 1);
  ((char *)name)[length < 0 ? 0 : length] = 0;
  return NULL;
}

/* A memfd that a thread of that name (PID/task/TID) has made for the shim. */
static int memfd_of(const char *thread) {
  char name[PATH_MAX + 16];
  snprintf(name, sizeof name, "x-vdso:%s", thread);
  return memfd_create(name, MFD_CLOEXEC);
}

static void say_sweep(void) {
  static char dead[PATH_MAX], alive[PATH_MAX];
  char directory[PATH_MAX + 8];
  pthread_t thread;
  write_thread_name(alive);
  if (pthread_create(&thread, NULL, write_thread_name, dead) != 0) abort();
  pthread_join(thread, NULL);
  /* The thread is joined a moment before the kernel has forgotten it. */
  snprintf(directory, sizeof directory, "/proc/%s", dead);
  while (access(directory, F_OK) == 0) usleep(1000);

  int orphan = memfd_of(dead), own = memfd_of(alive), other = memfd_create("other", 0);
  say("sweep", vdso_sweep());
  say("sweep.orphan", fcntl(orphan, F_GETFD) >= 0);
  say("sweep.own", fcntl(own, F_GETFD) >= 0);
  say("sweep.other", fcntl(other, F_GETFD) >= 0);
  say("sweep.again", vdso_sweep());
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  load(argv[1]);

  say("build_id", (int64_t)vdso_build_id());
  say("auxval", vdso_auxval(AT_SYSINFO_EHDR) == (int64_t)getauxval(AT_SYSINFO_EHDR));
  say("auxval.unknown", vdso_auxval(9999));
  say("auxval.negative", vdso_auxval(-1));
  say_bad_binds(atoi(argv[2]));
  say_clocks(); /* by the system call */
  say_order();
  say_getcpu();
  say("random.slot.unbound", vdso_random_slot());
  say_copies();
  say_bad_entries(atoi(argv[2]));
  bind_vdso();
  say_clocks(); /* by the vDSO, where there is one */
  say_order();
  say_getcpu();
  say_ticks();
  say_affinity();
  say_random();
  say_fork();
  say_normalized();
  say_loops();
  say_jitter();
  say_machine();
  say_entry_loops(atoi(argv[2]));
  say_sweep();
  return 0;
}
