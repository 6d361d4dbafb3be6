/* A library that a stranger has put where a careless program finds it: says so, and ends that. */
#include <unistd.h>

__attribute__((constructor)) static void planted(void) {
  static const char text[] = "A planted library was loaded\n";
  if (write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(67);
  _exit(66);
}
