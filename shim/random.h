/* Random numbers, a state for each thread. Part of vdso.c. */

/* ---- Random numbers: include/vdso/getrandom.h, and the kernel's vdso_test_getrandom.c. ---- */

/* A state belongs to one thread. It fills less than the page that it has for itself, since it may
   not straddle two. Threads end without telling: a slot whose thread is gone is the next one's. */
struct slot {
  int tid; /* 0: never used */
  int pid; /* a forked child has its parent's slots, but cannot tell whose threads live */
  void *thread; /* thread pointer of the owner: a JavaScript context might move between threads */
  void *state;
};

enum { SLOT_COUNT = 512 };
static struct slot slots[SLOT_COUNT];
static uint32_t state_size;

/* What vgetrandom says of itself when asked with a size of ~0. */
struct random_parameters {
  uint32_t size_of_opaque_state;
  uint32_t mmap_prot;
  uint32_t mmap_flags;
  uint32_t reserved[13];
};

static void *map_state(const struct random_parameters *p) {
  long size = (long)vdso_auxval(AT_PAGESZ);
  if (size < (long)p->size_of_opaque_state) return 0;
#ifdef SYS_old_mmap
  const long arguments[6] = {0, size, p->mmap_prot, p->mmap_flags, -1, 0};
  long state = syscall(SYS_old_mmap, (long)arguments, 0, 0);
#else
  long state = syscall6(SYS_mmap, 0, size, p->mmap_prot, p->mmap_flags, -1, 0);
#endif
  return state < 0 && state > -4096 ? 0 : (void *)state;
}

/* A slot for the calling thread, or -1: then random numbers come from the system call. */
EXPORT int32_t vdso_random_slot(void) {
  struct random_parameters p;
  getrandom_fn *fn = ENTRY(getrandom_fn, ENTRY_GETRANDOM);
  if (fn == syscall_getrandom || CALL_VDSO(fn, 0, 0, 0, &p, ~0ul) != 0) return -1;
  __atomic_store_n(&state_size, p.size_of_opaque_state, __ATOMIC_RELAXED);
  int pid = (int)syscall(SYS_getpid, 0, 0, 0);
  int tid = (int)syscall(SYS_gettid, 0, 0, 0);
  for (int32_t i = 0; i < SLOT_COUNT; i++) {
    struct slot *slot = &slots[i];
    int owner = __atomic_load_n(&slot->tid, __ATOMIC_ACQUIRE);
    int mine = owner == tid && slot->pid == pid;
    int gone = owner == 0 ||
      (slot->pid == pid && syscall(SYS_tgkill, pid, owner, 0) == -ESRCH);
    if (!mine && (!gone || !__atomic_compare_exchange_n(&slot->tid, &owner, tid, 0,
                                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
      continue;
    slot->pid = pid;
    slot->thread = __builtin_thread_pointer();
    if (!slot->state) slot->state = map_state(&p);
    return slot->state ? i : -1;
  }
  return -1;
}

/* Some bytes, how many, or a negative errno. Not inlined: what is kept across the loops of its
   callers would cost a number 2 ns. */
static __attribute__((noinline)) long random_bytes(int32_t index, void *out, size_t length,
                                                   uint32_t flags) {
  long n;
  if (LIKELY(index >= 0 && index < SLOT_COUNT)) {
    const struct slot *slot = &slots[index];
    if (slot->thread != __builtin_thread_pointer()) return -ESRCH;
    n = CALL_VDSO(ENTRY(getrandom_fn, ENTRY_GETRANDOM), out, length, flags, slot->state,
                  __atomic_load_n(&state_size, __ATOMIC_RELAXED));
    if (LIKELY(n >= 0) || n == -EAGAIN) return n;
  }
  do n = syscall_getrandom(out, length, flags, 0, 0);
  while (n == -EINTR);
  return n;
}

/* Fills all of `out`, or returns a negative errno: -ESRCH if the slot is another thread's. */
static int fill(int32_t slot, char *out, size_t length, uint32_t flags) {
  while (length > 0) {
    long n = random_bytes(slot, out, length, flags);
    if (n < 0) return (int)n;
    out += n;
    length -= (size_t)n;
  }
  return 0;
}

/* As fill(). koffi takes one number and one buffer in half the time of four arguments: the length is
   in the low 31 bits, then 3 bits of flags, then the slot plus one. */
INLINE size_t request_length(double request) { return (uint64_t)request & 0x7fffffff; }
static int fill_request(double request, void *out) {
  uint64_t r = (uint64_t)request;
  return fill((int32_t)(r >> 34) - 1, out, request_length(request), r >> 31 & 7);
}

EXPORT double vdso_getrandom(double request, void *out) { return fill_request(request, out); }

/* As fill(), for a number, which the kernel gives in one piece. */
INLINE long fill_number(int32_t slot, void *out, long length) {
  long n;
  do n = random_bytes(slot, out, (size_t)length, 0);
  while (UNLIKELY(n >= 0 && n != length));
  return n;
}

/* 32 random bits, or a negative errno. */
INLINE double random_u32(int32_t slot) {
  uint32_t value;
  long n = fill_number(slot, &value, sizeof value);
  return (double)(n < 0 ? n : (long)value);
}

/* A multiple of 2^-53 in [0, 1), or a negative errno. */
INLINE double random_f64(int32_t slot) {
  uint64_t value;
  long n = fill_number(slot, &value, sizeof value);
  return n < 0 ? (double)n : (double)(int64_t)(value >> 11) * 0x1p-53;
}

EXPORT double vdso_random_u32(double slot) { return random_u32((int32_t)slot); }
EXPORT double vdso_random_f64(double slot) { return random_f64((int32_t)slot); }
