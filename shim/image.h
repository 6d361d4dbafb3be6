/* The vDSO's image, and what Workers leave behind. Part of vdso.c. */

/* ---- The image: found, copied out, bound. ---- */

/* Which build this is: the loader compares it, since a dlopen of a name may return a library that
   was loaded earlier under the same name. 48 bits of the source's hash, exact in a double. */
EXPORT double vdso_build_id(void) { return (double)BUILD_ID; }

/* How many bytes of the image have been read: the bound of vdso_bind(). */
static int32_t readable;

/* Copies the first `length` bytes of the vDSO into `out`, fewer where the mapping ends earlier.
   Returns how many, 0 without a vDSO, or a negative errno.

   Through a pipe: so the kernel reads, and says EFAULT where a load would crash. AT_SYSINFO_EHDR
   dangles under Valgrind and after checkpoint/restore. process_vm_readv(2) would do the same, but
   containers forbid it. No more at once than the smallest page: a pipe holds that without blocking,
   and a bad page spoils no good one. */
EXPORT int32_t vdso_copy_image(void *out, int32_t length) {
  const char *base = (const char *)vdso_auxval(AT_SYSINFO_EHDR);
  int32_t done = 0;
  int pipe[2];
  if (!base) return 0;
  long n = syscall(SYS_pipe2, (long)pipe, O_CLOEXEC, 0);
  if (n < 0) return (int32_t)n;
  while (done < length) {
    int32_t chunk = length - done < 4096 ? length - done : 4096;
    n = syscall(SYS_write, pipe[1], (long)(base + done), chunk);
    if (n > 0) n = syscall(SYS_read, pipe[0], (long)((char *)out + done), n);
    if (n <= 0) break;
    done += (int32_t)n;
  }
  syscall(SYS_close, pipe[0], 0, 0);
  syscall(SYS_close, pipe[1], 0, 0);
  int32_t known = __atomic_load_n(&readable, __ATOMIC_RELAXED);
  while (done > known && !__atomic_compare_exchange_n(&readable, &known, done, 1, __ATOMIC_RELAXED,
                                                      __ATOMIC_RELAXED))
    ;
  return done ? done : (int32_t)n;
}

/* Points an entry at an offset into the image. Never takes an address, and checks the offset again,
   whatever the parser said. Returns 0 or -EINVAL. */
EXPORT int32_t vdso_bind(int32_t entry, int32_t offset) {
  if (entry < 0 || entry >= ENTRY_COUNT) return -EINVAL;
  if (offset <= 0 || offset >= __atomic_load_n(&readable, __ATOMIC_RELAXED)) return -EINVAL;
  void *fn = (char *)vdso_auxval(AT_SYSINFO_EHDR) + offset;
  __atomic_store_n(&entries[entry], fn, __ATOMIC_RELEASE);
  return 0;
}

/* ---- What terminated Workers leave behind. ---- */

struct dirent64 {
  uint64_t ino;
  int64_t off;
  uint16_t length;
  uint8_t type;
  char name[];
};

/* Whether the descriptor called `name` is a memfd of the loader (shim/load.ts names them after the
   thread, "x-vdso:PID/task/TID") whose thread is no more. */
static int is_orphan(long fds, const char *name) {
  static const char prefix[] = "/memfd:x-vdso:";
  /* "/proc/" in front of what follows the prefix is the thread's directory. */
  static const char proc[6] = "/proc/";
  char link[64];
  long n = syscall6(SYS_readlinkat, fds, (long)name, (long)link, sizeof link - 1, 0, 0);
  if (n <= (long)sizeof prefix) return 0;
  link[n] = 0;
  for (size_t i = 0; i < sizeof prefix - 1; i++)
    if (link[i] != prefix[i]) return 0;
  char *path = link + sizeof prefix - 1 - sizeof proc;
  for (size_t i = 0; i < sizeof proc; i++) path[i] = proc[i];
  for (char *p = link; p < link + n; p++)
    if (*p == ' ') *p = 0; /* the kernel's " (deleted)" */
  return syscall(SYS_faccessat, AT_FDCWD, (long)path, 0) == -ENOENT;
}

/* Closes the memfds of Workers that were terminated between creating and closing one: no finally
   block runs then. Returns how many. A dead thread's descriptor cannot be anybody else's, so long
   as two threads do not sweep at once. Looks at the lowest descriptors alone, since each costs a
   system call, and a server may have 100,000: a memfd gets the lowest that is free. */
EXPORT int32_t vdso_sweep(void) {
  enum { MOST = 256 };
  static int busy;
  _Alignas(8) char buffer[1024];
  int32_t closed = 0, seen = 0;
  if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) return 0;
  long fds = syscall(SYS_openat, AT_FDCWD, (long)"/proc/self/fd", O_DIRECTORY | O_CLOEXEC);
  while (fds >= 0 && seen < MOST) {
    long n = syscall(SYS_getdents64, fds, (long)buffer, sizeof buffer);
    if (n <= 0) break;
    for (long at = 0; at < n;) {
      const struct dirent64 *entry = (const void *)(buffer + at);
      at += entry->length;
      if (++seen > MOST) break;
      if (!is_orphan(fds, entry->name)) continue;
      long fd = 0;
      for (const char *p = entry->name; *p; p++) fd = fd * 10 + (*p - '0');
      syscall(SYS_close, fd, 0, 0);
      closed++;
    }
  }
  if (fds >= 0) syscall(SYS_close, fds, 0, 0);
  __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
  return closed;
}
