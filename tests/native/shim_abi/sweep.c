/* What Workers leave behind. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "say.h"
#include "shim.h"

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

void say_sweep(void) {
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
