/*
 * A library that a stranger has put where a careless program finds it. When it is loaded, it leaves
 * a marker beside itself: its own path, with ".loaded" behind it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void loaded(void) {
  Dl_info self;
  char marker[PATH_MAX];
  if (!dladdr((void *)loaded, &self)) return;
  snprintf(marker, sizeof marker, "%s.loaded", self.dli_fname);
  close(open(marker, O_CREAT | O_WRONLY, 0600));
}
