/*
 * shim_abi TRAMPOLINE ENTRIES [--no-readv]
 *
 * Loads the trampoline as a C program would, calls every function of it with good and bad
 * arguments, and prints a line "what result" for each call. Judges nothing but times, which differ
 * from run to run: 1 stands for a time between two readings of libc's own clock.
 *
 * ENTRIES: how many entries there are to bind.
 * --no-readv: with process_vm_readv(2) forbidden, as in containers.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double (*vdso_build_id)(void);
static int64_t (*vdso_auxval)(int32_t);
static int32_t (*vdso_copy_image)(void *, int32_t);
static int32_t (*vdso_bind)(int32_t, int32_t);
static int32_t (*vdso_sweep)(void);
static double (*vdso_now)(void);
static int64_t (*vdso_now_bigint)(void);
static int64_t (*vdso_realtime_bigint)(void);
static int64_t (*vdso_clock_gettime)(int32_t);
static int64_t (*vdso_clock_getres)(int32_t);
static int64_t (*vdso_clock_gettime_syscall)(int32_t);
static int64_t (*vdso_clock_getres_syscall)(int32_t);
static double (*vdso_loop_entry)(int32_t, int32_t);
static double (*vdso_loop_syscall)(int32_t, int32_t);

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
  LOAD(vdso_now_bigint);
  LOAD(vdso_realtime_bigint);
  LOAD(vdso_clock_gettime);
  LOAD(vdso_clock_getres);
  LOAD(vdso_clock_gettime_syscall);
  LOAD(vdso_clock_getres_syscall);
  LOAD(vdso_loop_entry);
  LOAD(vdso_loop_syscall);
#undef LOAD
}

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
  SAY_TIME("now_bigint", CLOCK_MONOTONIC, vdso_now_bigint());
  SAY_TIME("realtime_bigint", CLOCK_REALTIME, vdso_realtime_bigint());
  SAY_TIME("clock_gettime", CLOCK_BOOTTIME, vdso_clock_gettime(CLOCK_BOOTTIME));
  SAY_TIME("clock_gettime_syscall", CLOCK_TAI, vdso_clock_gettime_syscall(CLOCK_TAI));
  say("clock_getres", vdso_clock_getres(CLOCK_MONOTONIC));
  say("clock_getres_syscall", vdso_clock_getres_syscall(CLOCK_MONOTONIC));
  static const int32_t bad[] = {-1, INT_MIN, INT_MAX, 10, 12};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    say("clock_gettime.bad", vdso_clock_gettime(bad[i]) - INT64_MIN);
    say("clock_getres.bad", vdso_clock_getres(bad[i]) - INT64_MIN);
    say("clock_gettime_syscall.bad", vdso_clock_gettime_syscall(bad[i]) - INT64_MIN);
    say("clock_getres_syscall.bad", vdso_clock_getres_syscall(bad[i]) - INT64_MIN);
  }
}

static void say_loops(void) {
  say("loop_entry", vdso_loop_entry(CLOCK_MONOTONIC, 1000) > 0);
  say("loop_entry.none", vdso_loop_entry(CLOCK_MONOTONIC, 0) >= 0);
  say("loop_entry.negative", vdso_loop_entry(CLOCK_MONOTONIC, INT_MIN) >= 0);
  say("loop_entry.bad", isnan(vdso_loop_entry(12, 1)));
  say("loop_syscall", vdso_loop_syscall(CLOCK_MONOTONIC, 1000) > 0);
  say("loop_syscall.bad", isnan(vdso_loop_syscall(12, 1)));
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

static void say_bad_binds(int32_t entries) {
  say("bind.before", vdso_bind(0, 16)); /* nothing has been read yet */
  say("bind.entry_negative", vdso_bind(-1, 0));
  say("bind.entry_min", vdso_bind(INT_MIN, 0));
  say("bind.entry_last", vdso_bind(entries - 1, 0));
  say("bind.entry_too_high", vdso_bind(entries, 0));
  say("bind.entry_max", vdso_bind(INT_MAX, 0));
  say("bind.offset_negative", vdso_bind(0, -1));
  say("bind.offset_min", vdso_bind(0, INT_MIN));
  say("bind.back", vdso_bind(0, 0));
}

/* By the dynamic linker's own lookup, where it knows the vDSO. */
static void bind_vdso(void) {
  void *vdso = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
#if defined(__x86_64__)
  char *function = vdso ? dlvsym(vdso, "__vdso_clock_gettime", "LINUX_2.6") : NULL;
#else
  char *function = vdso ? dlvsym(vdso, "__kernel_clock_gettime", "LINUX_2.6.39") : NULL;
#endif
  if (!function) return;
  say("bind", vdso_bind(0, (int32_t)(function - (char *)getauxval(AT_SYSINFO_EHDR))));
}

/* ---- What is left behind ---- */

static void *write_thread_name(void *name) {
  ssize_t length = readlink("/proc/thread-self", name, PATH_MAX - 1);
  ((char *)name)[length < 0 ? 0 : length] = 0;
  return NULL;
}

/* A memfd that a thread of that name (PID/task/TID) has made for the trampoline. */
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

static void forbid_readv(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("shim_abi: seccomp");
    exit(1);
  }
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  load(argv[1]);
  if (argc > 3 && strcmp(argv[3], "--no-readv") == 0) forbid_readv();

  say("build_id", (int64_t)vdso_build_id());
  say("auxval", vdso_auxval(AT_SYSINFO_EHDR) == (int64_t)getauxval(AT_SYSINFO_EHDR));
  say("auxval.unknown", vdso_auxval(9999));
  say("auxval.negative", vdso_auxval(-1));
  say_bad_binds(atoi(argv[2]));
  say_clocks(); /* by the system call */
  say_copies();
  bind_vdso();
  say_clocks(); /* by the vDSO, where there is one */
  say_loops();
  say_sweep();
  return 0;
}
