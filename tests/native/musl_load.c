/*
 * musl_load SHIM MEMFDS TIMES CLOCK_GETTIME GETRANDOM
 *
 * Loads the shim from so many memfds, from each so many times, as shim/load.ts does: whatever a
 * memfd's path is spelt like, it must be one library. Binds it to the vDSO and checks what it answers
 * against the system call. Prints how many lines this has added to /proc/self/maps.
 *
 * CLOCK_GETTIME, GETRANDOM: where these functions lie in the vDSO's image.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { ENTRY_CLOCK_GETTIME = 0, ENTRY_GETRANDOM = 5, NO_SUCH_CLOCK = 12 };

static void require(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "musl_load: %s: %s\n", what, dlerror());
  exit(1);
}

/* Past the C library, which goes through the vDSO itself. */
static int64_t kernel_time(clockid_t clock) {
  struct timespec t;
  require(syscall(SYS_clock_gettime, clock, &t) == 0, "clock_gettime(2)");
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static long count_mappings(void) {
  long lines = 0;
  FILE *maps = fopen("/proc/self/maps", "re");
  require(maps != NULL, "/proc/self/maps");
  for (int c; (c = getc(maps)) != EOF;) lines += c == '\n';
  fclose(maps);
  return lines;
}

static int make_memfd(const void *bytes, size_t size) {
  int fd = memfd_create("x-vdso:self", MFD_CLOEXEC);
  require(fd >= 0 && write(fd, bytes, size) == (ssize_t)size, "memfd_create(2)");
  return fd;
}

static void *load(int fd, int spelling) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%s%d", spelling % 2 ? "./" : "", fd);
  void *library = dlopen(path, RTLD_NOW);
  require(library != NULL, "dlopen(3)");
  return library;
}

static void *function(void *library, const char *name) {
  void *address = dlsym(library, name);
  require(address != NULL, name);
  return address;
}

/* Before it is bound, unless it has been, and when it is. */
static void check(void *library, int bound, int32_t clock_gettime, int32_t getrandom) {
  int32_t (*vdso_copy_image)(void *, int32_t) = function(library, "vdso_copy_image");
  int32_t (*vdso_bind)(int32_t, int32_t) = function(library, "vdso_bind");
  double (*vdso_now)(void) = function(library, "vdso_now");
  int64_t (*vdso_clock_gettime)(double) = function(library, "vdso_clock_gettime");
  int32_t (*vdso_random_slot)(void) = function(library, "vdso_random_slot");
  double (*vdso_random_u32)(double) = function(library, "vdso_random_u32");

  static char image[1 << 16];
  for (; bound < 2; bound++) {
    int64_t before = kernel_time(CLOCK_MONOTONIC), now = (int64_t)vdso_now();
    require(before <= now && now <= kernel_time(CLOCK_MONOTONIC), "vdso_now");
    before = kernel_time(CLOCK_TAI), now = vdso_clock_gettime(CLOCK_TAI);
    require(before <= now && now <= kernel_time(CLOCK_TAI), "vdso_clock_gettime");
    require(vdso_clock_gettime(NO_SUCH_CLOCK) == INT64_MIN + EINVAL, "a clock that does not exist");
    int32_t slot = vdso_random_slot();
    require((slot >= 0) == (bound && getrandom > 0), "vdso_random_slot");
    double first = vdso_random_u32(slot), second = vdso_random_u32(slot), third = vdso_random_u32(slot);
    require(first >= 0 && (first != second || second != third), "vdso_random_u32");

    require(vdso_copy_image(image, sizeof image) > clock_gettime, "vdso_copy_image");
    require(vdso_bind(ENTRY_CLOCK_GETTIME, clock_gettime) == 0, "vdso_bind");
    if (getrandom > 0) require(vdso_bind(ENTRY_GETRANDOM, getrandom) == 0, "vdso_bind");
  }
}

int main(int argc, char **argv) {
  static char bytes[1 << 16];
  if (argc < 6) return 2;
  int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
  ssize_t size = read(fd, bytes, sizeof bytes);
  require(size > 0, argv[1]);
  close(fd);
  int memfds = atoi(argv[2]), times = atoi(argv[3]);
  long mappings = count_mappings();
  void *last = NULL;
  for (int i = 0; i < memfds; i++) {
    int memfd = make_memfd(bytes, (size_t)size);
    void *library = load(memfd, 0);
    require(library != last, "a library of its own");
    last = library;
    check(library, 0, atoi(argv[4]), atoi(argv[5]));
    for (int again = 1; again < times; again++) {
      require(load(memfd, again) == library, "the same library");
      check(library, 1, atoi(argv[4]), atoi(argv[5]));
    }
    close(memfd);
  }
  printf("%ld\n", count_mappings() - mappings);
  return 0;
}
