/* Random numbers, in threads and in a forked child. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "say.h"
#include "shim.h"

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

void say_random(void) {
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
void say_fork(void) {
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
