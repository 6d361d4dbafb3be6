/*
 * migrate PROGRAM [ARGUMENT...]
 *
 * Runs PROGRAM, and moves each of its threads to a CPU at random, over and over, among those that it
 * may use. Exits with its exit code, 128 + N if it was killed by signal N.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAUSE_US = 500, EXIT_LAUNCHER = 125, EXIT_NOT_FOUND = 127 };

static void fail(const char *what) {
  perror(what);
  exit(EXIT_LAUNCHER);
}

/* A CPU of `all`, each as likely. */
static cpu_set_t random_cpu(const cpu_set_t *all) {
  cpu_set_t one;
  int left = rand() % CPU_COUNT(all), cpu = 0;
  while (!CPU_ISSET(cpu, all) || left-- > 0) cpu++;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  return one;
}

/* A thread may have ended since it was listed: no harm in that. */
static void move_threads(pid_t program, const cpu_set_t *all) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", program);
  DIR *threads = opendir(path);
  if (!threads) fail(path);
  for (struct dirent *entry; (entry = readdir(threads));) {
    pid_t thread = atoi(entry->d_name);
    cpu_set_t one = random_cpu(all);
    if (thread > 0) sched_setaffinity(thread, sizeof one, &one);
  }
  closedir(threads);
}

int main(int argc, char **argv) {
  cpu_set_t all;
  int status;
  if (argc < 2) return 2;
  if (sched_getaffinity(0, sizeof all, &all) != 0) fail("sched_getaffinity");
  pid_t program = fork();
  if (program < 0) fail("fork");
  if (program == 0) {
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    _exit(EXIT_NOT_FOUND);
  }
  while (waitpid(program, &status, WNOHANG) == 0) {
    move_threads(program, &all);
    usleep(PAUSE_US);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
