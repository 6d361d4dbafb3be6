#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include "shim.h"

#define DEFINE(result, name, parameters) result(*name) parameters;
SHIM_FUNCTIONS(DEFINE)
#undef DEFINE

static void *symbol(void *library, const char *name) {
  void *address = dlsym(library, name);
  if (address) return address;
  fprintf(stderr, "shim_abi: %s\n", dlerror());
  exit(1);
}

void load(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "shim_abi: %s\n", dlerror());
    exit(1);
  }
#define LOAD(result, name, parameters) name = symbol(library, #name);
  SHIM_FUNCTIONS(LOAD)
#undef LOAD
}
