/*
 * terminal QUESTION PROGRAM [ARGUMENT...]
 *
 * Runs PROGRAM on a terminal of its own, and copies what it writes there to stdout. Exits with its
 * exit code, or with 99 as soon as it has asked QUESTION: nobody is there to answer.
 */
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_ASKED = 99, EXIT_LAUNCHER = 125, EXIT_NOT_FOUND = 127 };

static void fail(const char *what) {
  perror(what);
  exit(EXIT_LAUNCHER);
}

/* Copies until PROGRAM has left the terminal (Linux then says EIO); returns whether it asked. */
static int copy(int terminal, const char *question) {
  static char text[1 << 20];
  size_t length = 0;
  for (ssize_t n; (n = read(terminal, text + length, sizeof text - 1 - length)) > 0;) {
    if (write(STDOUT_FILENO, text + length, (size_t)n) != n) fail("terminal: write");
    length += (size_t)n;
    text[length] = 0;
    if (strstr(text, question)) return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  int terminal, status;
  if (argc < 3) return 2;
  pid_t child = forkpty(&terminal, NULL, NULL, NULL);
  if (child < 0) fail("terminal: forkpty");
  if (child == 0) {
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(EXIT_NOT_FOUND);
  }
  int asked = copy(terminal, argv[1]);
  if (asked) kill(child, SIGKILL);
  if (waitpid(child, &status, 0) != child) fail("terminal: waitpid");
  if (asked) return EXIT_ASKED;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
