/*
 * deny SYSCALL[:ERRNO][,SYSCALL[:ERRNO]...] PROGRAM [ARGS...]
 *
 * Runs PROGRAM, and all that it starts, under a seccomp filter that answers the named system calls
 * with an error, EPERM unless another one is named: what a container's seccomp profile does. See
 * seccomp(2). Names that this CPU does not have (mkdir on aarch64) are passed over, so that one
 * command serves all of them; names that nobody knows are an error, exit code 125.
 *
 * Some names stand for a kind of call, since no program starts without any of it: of mmap(2),
 * mmap_exec_file for executable mappings of files, memfds among them, and mmap_droppable for the memory
 * that the vDSO's getrandom wants; of openat(2), open_tmpfile for files that never have a name.
 *
 * Built with -shared, it is a library with the function deny(rules), for a process that locks itself
 * down when it has started: some runtimes do not start in what they can live with.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08 /* Linux 6.11 */
#endif

enum { MAX_RULES = 32, MOST_STEPS = 9, ABSENT = -1, UNKNOWN = -2 };
enum { MMAP_PROT = 2, MMAP_FLAGS = 3, OPENAT_FLAGS = 2 };
/* O_TMPFILE without the O_DIRECTORY that it contains. */
enum { TMPFILE = 020000000 };

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
  {"adjtimex", SYS_adjtimex},
  {"clock_getres", SYS_clock_getres},
  {"clock_gettime", SYS_clock_gettime},
  {"getcpu", SYS_getcpu},
  {"getrandom", SYS_getrandom},
  {"memfd_create", SYS_memfd_create},
  {"mmap_droppable", SYS_mmap},
  {"mmap_exec_file", SYS_mmap},
  {"open_tmpfile", SYS_openat},
  {"pipe2", SYS_pipe2},
  {"process_vm_readv", SYS_process_vm_readv},
};

static const struct named errnos[] = {
  {"EPERM", EPERM}, {"EACCES", EACCES}, {"EAGAIN", EAGAIN}, {"EFAULT", EFAULT},
  {"EINVAL", EINVAL}, {"ENOMEM", ENOMEM}, {"ENOSYS", ENOSYS}, {"EOPNOTSUPP", EOPNOTSUPP},
};

/* What some rules ask of the arguments besides: these bits of them must have this value. */
static const struct condition {
  const char *name;
  unsigned argument, bits, value;
} conditions[] = {
  {"mmap_droppable", MMAP_FLAGS, MAP_TYPE, MAP_DROPPABLE},
  {"mmap_exec_file", MMAP_FLAGS, MAP_ANONYMOUS, 0},
  {"mmap_exec_file", MMAP_PROT, PROT_EXEC, PROT_EXEC},
  {"open_tmpfile", OPENAT_FLAGS, TMPFILE, TMPFILE},
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static int find(const struct named *table, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(table[i].name, name) == 0) return table[i].value;
  return UNKNOWN;
}

static void die(const char *message, const char *what) {
  fprintf(stderr, "deny: %s: %s\n", message, what);
  exit(125);
}

static struct sock_filter load(size_t offset) {
  return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset);
}

/* Goes on if what is loaded is `value`, else over the next `others` steps. */
static struct sock_filter expect(unsigned value, size_t others) {
  return (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, (unsigned char)others);
}

static struct sock_filter answer(unsigned action) {
  return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

/* The steps of one rule; it leaves the number loaded, for the next one. */
static size_t add_rule(struct sock_filter *out, const char *name, unsigned number, unsigned error) {
  size_t asked = 0, length = 0;
  for (size_t i = 0; i < LENGTH(conditions); i++) asked += !strcmp(conditions[i].name, name);
  size_t all = asked == 0 ? 2 : 2 + 3 * asked;
  out[length++] = expect(number, asked == 0 ? 1 : all);
  for (size_t i = 0; i < LENGTH(conditions); i++) {
    const struct condition *c = &conditions[i];
    if (strcmp(c->name, name)) continue;
    /* Flags are int: the low half, on a little-endian CPU the first. */
    out[length++] = load(offsetof(struct seccomp_data, args) + 8 * c->argument);
    out[length++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, c->bits);
    out[length] = expect(c->value, all - 1 - length);
    length++;
  }
  out[length++] = answer(SECCOMP_RET_ERRNO | error);
  if (asked > 0) out[length++] = load(offsetof(struct seccomp_data, nr));
  return length;
}

/* Denies what `rules`, which it writes to, name, in all threads of this process. */
static void install(char *rules) {
  /* Let another architecture's calls pass: nobody here makes any. */
  struct sock_filter filter[5 + MOST_STEPS * MAX_RULES] = {
    load(offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
    answer(SECCOMP_RET_ALLOW),
    load(offsetof(struct seccomp_data, nr)),
  };
  size_t length = 4, count = 0;

  for (char *rule = strtok(rules, ","); rule; rule = strtok(NULL, ",")) {
    char *colon = strchr(rule, ':');
    if (colon) *colon = 0;
    int number = find(syscalls, LENGTH(syscalls), rule);
    int error = colon ? find(errnos, LENGTH(errnos), colon + 1) : EPERM;
    if (number == UNKNOWN) die("unknown system call", rule);
    if (error == UNKNOWN) die("unknown error", colon + 1);
    if (number == ABSENT) continue;
    if (++count > MAX_RULES) die("too many system calls", rule);
    length += add_rule(&filter[length], rule, (unsigned)number, (unsigned)error);
  }
  filter[length++] = answer(SECCOMP_RET_ALLOW);

  struct sock_fprog program = {(unsigned short)length, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
    die("seccomp(2)", strerror(errno));
}

void deny(const char *rules) {
  char copy[1024];
  if (strlen(rules) >= sizeof copy) die("too long", rules);
  install(strcpy(copy, rules));
}

int main(int argc, char **argv) {
  if (argc < 3) die("usage", "deny SYSCALL[:ERRNO][,...] PROGRAM [ARGS...]");
  install(argv[1]);
  execvp(argv[2], argv + 2);
  die(strerror(errno), argv[2]);
}
