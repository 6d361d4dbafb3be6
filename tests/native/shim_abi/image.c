/* The vDSO's image: copied out, and its functions bound. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include "say.h"
#include "shim.h"

/* Its name, how its functions' names begin, and their version. */
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

void say_copies(void) {
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
void say_bad_entries(int32_t entries) {
  say("bind.entry_negative", vdso_bind(-1, 16));
  say("bind.entry_min", vdso_bind(INT_MIN, 16));
  say("bind.entry_too_high", vdso_bind(entries, 16));
  say("bind.entry_max", vdso_bind(INT_MAX, 16));
}

void say_bad_binds(int32_t entries) {
  say("bind.before", vdso_bind(0, 16)); /* nothing has been read yet */
  say("bind.before", vdso_bind(entries - 1, 16));
  say("bind.offset_negative", vdso_bind(0, -1));
  say("bind.offset_min", vdso_bind(0, INT_MIN));
  say("bind.offset_zero", vdso_bind(0, 0));
}

/* By the dynamic linker's own lookup, where it knows the vDSO. */
void bind_vdso(void) {
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
