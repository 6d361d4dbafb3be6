/*
 * deny SYSCALL[:ERRNO][,SYSCALL[:ERRNO]...] PROGRAM [ARGS...]
 *
 * Runs PROGRAM, and all that it starts, under a seccomp filter that answers the named system calls
 * with an error, EPERM unless another one is named: what a container's seccomp profile does. See
 * seccomp(2). Names that this CPU does not have (mkdir on aarch64) are passed over, so that one
 * command serves all of them; names that nobody knows are an error, exit code 125.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "no audit architecture known for this CPU"
#endif

enum { MAX_RULES = 32, ABSENT = -1, UNKNOWN = -2 };

struct named {
  const char *name;
  int value;
};

static const struct named syscalls[] = {
#ifdef SYS_mkdir
  {"mkdir", SYS_mkdir},
#else
  {"mkdir", ABSENT},
#endif
  {"mkdirat", SYS_mkdirat},
  {"clock_getres", SYS_clock_getres},
  {"clock_gettime", SYS_clock_gettime},
  {"getcpu", SYS_getcpu},
  {"getrandom", SYS_getrandom},
  {"memfd_create", SYS_memfd_create},
  {"mmap", SYS_mmap},
  {"pipe2", SYS_pipe2},
  {"process_vm_readv", SYS_process_vm_readv},
};

static const struct named errnos[] = {
  {"EPERM", EPERM}, {"EACCES", EACCES}, {"EAGAIN", EAGAIN}, {"EFAULT", EFAULT},
  {"EINVAL", EINVAL}, {"ENOMEM", ENOMEM}, {"ENOSYS", ENOSYS},
};

static int find(const struct named *table, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(table[i].name, name) == 0) return table[i].value;
  return UNKNOWN;
}
#define FIND(table, name) find(table, sizeof table / sizeof *table, name)

static void die(const char *message, const char *what) {
  fprintf(stderr, "deny: %s: %s\n", message, what);
  exit(125);
}

int main(int argc, char **argv) {
  if (argc < 3) die("usage", "deny SYSCALL[:ERRNO][,...] PROGRAM [ARGS...]");

  /* Let another architecture's calls pass: nobody here makes any. */
  struct sock_filter filter[5 + 2 * MAX_RULES] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
  };
  unsigned short length = 4;

  for (char *rule = strtok(argv[1], ","); rule; rule = strtok(NULL, ",")) {
    char *colon = strchr(rule, ':');
    if (colon) *colon = 0;
    int number = FIND(syscalls, rule);
    int error = colon ? FIND(errnos, colon + 1) : EPERM;
    if (number == UNKNOWN) die("unknown system call", rule);
    if (error == UNKNOWN) die("unknown error", colon + 1);
    if (number == ABSENT) continue;
    if (length + 3 > 5 + 2 * MAX_RULES) die("too many system calls", rule);
    filter[length++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
    filter[length++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error);
  }
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

  struct sock_fprog program = {length, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
    die("seccomp(2)", strerror(errno));
  execvp(argv[2], argv + 2);
  die(strerror(errno), argv[2]);
}
