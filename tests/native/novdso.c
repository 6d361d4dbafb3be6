/*
 * novdso [--zero | --dangling] [--saved] [--unmap] PROGRAM [ARGUMENT...]
 *
 * Runs PROGRAM as though the kernel had given it no vDSO. The kernel tells a process where the
 * vDSO is through the auxiliary vector, which lies on the initial stack behind argv and envp
 * (getauxval(3)); this program edits it at the moment of execve(2), before PROGRAM's first
 * instruction.
 *
 *   (default)   AT_SYSINFO_EHDR becomes AT_IGNORE, so that getauxval(AT_SYSINFO_EHDR) is 0
 *   --zero      the entry stays, and its value becomes 0
 *   --saved     the kernel's saved copy follows: /proc/self/auxv
 *   --unmap     [vdso] and [vvar*] are unmapped
 *   --dangling  they are unmapped, but the vector points there, as under Valgrind or after
 *               checkpoint/restore. The entry is away until libc has started, which would read the
 *               image and crash; and the addresses stay reserved, so that nothing else moves in.
 *
 * PROGRAM takes this very process over, so that its exit code, signals and parent are its own. Who
 * edits is a grandchild that traces it up to that point and is gone then: strace -D does the same.
 * If it fails, PROGRAM is killed, and never runs with its vDSO by mistake. What PROGRAM executes
 * itself has a vDSO again.
 *
 * x86_64; on other CPUs the default and --zero.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_LAUNCHER = 125, EXIT_CANNOT_EXECUTE = 126, EXIT_NOT_FOUND = 127 };

struct options {
  int zero, dangling, saved, unmap;
};

/* Where things are in the tracee. */
struct auxv {
  unsigned long start, end; /* of the whole vector, AT_NULL included */
  unsigned long vdso;       /* of the entry AT_SYSINFO_EHDR, 0 if there is none */
  unsigned long entry;      /* AT_ENTRY: where PROGRAM starts when the dynamic linker is done */
};

/* PTRACE_O_EXITKILL takes the tracee along. */
static _Noreturn void fail(const char *format, ...) {
  int error = errno;
  va_list arguments;
  va_start(arguments, format);
  fputs("novdso: ", stderr);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, error ? ": %s\n" : "\n", strerror(error));
  exit(EXIT_LAUNCHER);
}

/* ---- The tracee: memory and registers. ---- */

static unsigned long peek(pid_t pid, unsigned long address) {
  errno = 0; /* -1 is a value, too */
  unsigned long word = (unsigned long)ptrace(PTRACE_PEEKDATA, pid, address, 0);
  if (errno) fail("cannot read the program's memory at %#lx", address);
  return word;
}

static void poke(pid_t pid, unsigned long address, unsigned long word) {
  if (ptrace(PTRACE_POKEDATA, pid, address, word) != 0)
    fail("cannot write the program's memory at %#lx", address);
}

/* Where it is among the words of the general registers. */
#if defined(__x86_64__)
enum { STACK_POINTER = 19 };
#elif defined(__aarch64__)
enum { STACK_POINTER = 31 };
#elif defined(__riscv)
enum { STACK_POINTER = 2 };
#elif defined(__powerpc64__)
enum { STACK_POINTER = 1 };
#elif defined(__s390x__)
enum { STACK_POINTER = 2 + 15 }; /* behind the program status word */
#else
#error "novdso does not know this CPU"
#endif

static void read_registers(pid_t pid, void *registers, size_t size) {
  struct iovec area = {registers, size};
  if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &area) != 0) fail("cannot read registers");
}

static unsigned long stack_pointer(pid_t pid) {
  unsigned long registers[64];
  read_registers(pid, registers, sizeof registers);
  return registers[STACK_POINTER];
}

enum { STOP_EXEC = SIGTRAP | PTRACE_EVENT_EXEC << 8, STOP_SYSCALL = SIGTRAP | 0x80 };

static void resume(pid_t pid, int request, int signal) {
  if (ptrace(request, pid, 0, signal) != 0) fail("cannot resume the program");
}

/* Waits until the tracee stops as `expected` says, a signal and above it an event. Whatever else it
   stops for, it is sent on by `request`, signals delivered. */
static void wait_until(pid_t pid, int request, int expected) {
  for (int status;; resume(pid, request, status >> 16 ? 0 : WSTOPSIG(status))) {
    if (waitpid(pid, &status, __WALL) != pid) fail("cannot wait for the program");
    if (!WIFSTOPPED(status)) exit(0); /* it could not be executed, and has said so itself */
    if (status >> 8 == expected) return;
  }
}

static void resume_until(pid_t pid, int request, int expected) {
  resume(pid, request, 0);
  wait_until(pid, request, expected);
}

/* ---- x86_64: code in the tracee. ---- */

#if defined(__x86_64__)
enum { SYSCALL_INSTRUCTION = 0x050f, BREAKPOINT_INSTRUCTION = 0xcc };

static struct user_regs_struct get_registers(pid_t pid) {
  struct user_regs_struct registers;
  read_registers(pid, &registers, sizeof registers);
  return registers;
}

static void set_registers(pid_t pid, struct user_regs_struct registers) {
  struct iovec area = {&registers, sizeof registers};
  if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &area) != 0) fail("cannot write registers");
}

/* Makes the tracee, stopped anywhere, do one system call, and leaves no trace of that. */
static long remote_syscall(pid_t pid, long number, const unsigned long arguments[6]) {
  struct user_regs_struct before = get_registers(pid), during = before;
  unsigned long code = peek(pid, before.rip);
  during.rax = (unsigned long)number;
  during.rdi = arguments[0];
  during.rsi = arguments[1];
  during.rdx = arguments[2];
  during.r10 = arguments[3];
  during.r8 = arguments[4];
  during.r9 = arguments[5];
  during.orig_rax = before.orig_rax = -1UL; /* no system call that the kernel should restart */
  poke(pid, before.rip, (code & ~0xffffUL) | SYSCALL_INSTRUCTION);
  set_registers(pid, during);
  resume_until(pid, PTRACE_SINGLESTEP, SIGTRAP);
  struct user_regs_struct after = get_registers(pid);
  if (after.rip != before.rip + 2) fail("the program stepped to %#llx", after.rip);
  poke(pid, before.rip, code);
  set_registers(pid, before);
  return (long)after.rax;
}

/* Runs the tracee up to an address that it has not yet been at. */
static void run_to(pid_t pid, unsigned long address) {
  unsigned long code = peek(pid, address);
  poke(pid, address, (code & ~0xffUL) | BREAKPOINT_INSTRUCTION);
  resume_until(pid, PTRACE_CONT, SIGTRAP);
  poke(pid, address, code);
  struct user_regs_struct registers = get_registers(pid);
  if (registers.rip != address + 1) fail("the program trapped at %#llx", registers.rip);
  registers.rip = address;
  set_registers(pid, registers);
}
#else
static long remote_syscall(pid_t pid, long number, const unsigned long arguments[6]) {
  (void)pid, (void)number, (void)arguments;
  errno = 0;
  fail("--saved and --unmap are for x86_64 alone");
}

static void run_to(pid_t pid, unsigned long address) {
  (void)pid, (void)address;
  errno = 0;
  fail("--dangling is for x86_64 alone");
}
#endif

/* ---- What is done to it, between execve(2) and its first instruction. ---- */

/* The initial stack: argc, argv, NULL, envp, NULL, auxv (System V psABI, "Process
   Initialization"). */
static struct auxv find_auxv(pid_t pid) {
  struct auxv found = {0};
  unsigned long at = stack_pointer(pid);
  at += sizeof(long) * (peek(pid, at) + 2);
  while (peek(pid, at) != 0) at += sizeof(long);
  found.start = at += sizeof(long);
  for (unsigned long type; (type = peek(pid, at)) != AT_NULL; at += sizeof(Elf64_auxv_t)) {
    if (type == AT_SYSINFO_EHDR) found.vdso = at;
    if (type == AT_ENTRY) found.entry = peek(pid, at + sizeof(long));
  }
  found.end = at + sizeof(Elf64_auxv_t);
  return found;
}

/* The numbers of /proc/PID/stat, by their position in proc_pid_stat(5). */
enum {
  STAT_START_CODE = 26,
  STAT_END_CODE = 27,
  STAT_START_STACK = 28,
  STAT_START_DATA = 45,
  STAT_END_DATA = 46,
  STAT_START_BRK = 47,
  STAT_ARG_START = 48,
  STAT_ARG_END = 49,
  STAT_ENV_START = 50,
  STAT_ENV_END = 51,
  STAT_COUNT = 53
};

static void read_stat(pid_t pid, unsigned long stat[STAT_COUNT]) {
  char path[32], text[2048];
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  FILE *file = fopen(path, "re");
  size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
  if (file) fclose(file);
  text[size] = 0;
  char *at = strrchr(text, ')'); /* the second field, a name, may hold anything */
  if (!at) fail("cannot read %s", path);
  at += sizeof(") S") - 1;
  for (int field = 4; field < STAT_COUNT; field++) stat[field] = strtoul(at, &at, 10);
}

/* PR_SET_MM_AUXV would do it alone, but takes CAP_SYS_RESOURCE, which the root of a container often
   lacks. PR_SET_MM_MAP takes no privilege, and all of the map: the rest as it is. */
static void save_auxv(pid_t pid, struct auxv auxv) {
  unsigned long stat[STAT_COUNT];
  read_stat(pid, stat);
  const unsigned long no_arguments[6] = {0};
  struct prctl_mm_map map = {
      .start_code = stat[STAT_START_CODE],
      .end_code = stat[STAT_END_CODE],
      .start_data = stat[STAT_START_DATA],
      .end_data = stat[STAT_END_DATA],
      .start_brk = stat[STAT_START_BRK],
      .brk = (unsigned long)remote_syscall(pid, SYS_brk, no_arguments),
      .start_stack = stat[STAT_START_STACK],
      .arg_start = stat[STAT_ARG_START],
      .arg_end = stat[STAT_ARG_END],
      .env_start = stat[STAT_ENV_START],
      .env_end = stat[STAT_ENV_END],
      .auxv = (void *)auxv.start,
      .auxv_size = (unsigned)(auxv.end - auxv.start),
      .exe_fd = (unsigned)-1,
  };
  /* Below the stack pointer, where nothing is yet. */
  unsigned long scratch = (stack_pointer(pid) - 1024) & ~15UL;
  for (size_t at = 0; at < sizeof map; at += sizeof(long)) {
    unsigned long word;
    memcpy(&word, (char *)&map + at, sizeof word);
    poke(pid, scratch + at, word);
  }
  const unsigned long arguments[6] = {PR_SET_MM, PR_SET_MM_MAP, scratch, sizeof map, 0, 0};
  errno = (int)-remote_syscall(pid, SYS_prctl, arguments);
  if (errno) fail("cannot change the saved auxiliary vector");
}

/* Unmaps [vdso] and [vvar*], or puts inaccessible pages in their place. Collects the ranges first:
   the file changes as they go. */
static void take_vdso(pid_t pid, int reserve) {
  enum { MOST = 8 };
  unsigned long ranges[MOST][2], start, end;
  char path[32], line[512];
  int count = 0;
  snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
  FILE *maps = fopen(path, "re");
  if (!maps) fail("cannot read %s", path);
  while (count < MOST && fgets(line, sizeof line, maps)) {
    if (!strstr(line, "[vdso]") && !strstr(line, "[vvar")) continue;
    if (sscanf(line, "%lx-%lx", &start, &end) != 2) fail("cannot read %s", path);
    ranges[count][0] = start;
    ranges[count++][1] = end - start;
  }
  fclose(maps);
  const unsigned long flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  for (int i = 0; i < count; i++) {
    /* munmap(2) takes the first two. */
    const unsigned long arguments[6] = {ranges[i][0], ranges[i][1], PROT_NONE, flags, -1UL, 0};
    long result = remote_syscall(pid, reserve ? SYS_mmap : SYS_munmap, arguments);
    errno = result < 0 ? (int)-result : 0;
    if (errno) fail("cannot unmap the vDSO");
  }
}

static void edit(pid_t pid, struct options options) {
  struct auxv auxv = find_auxv(pid);
  if (auxv.vdso && options.zero) poke(pid, auxv.vdso + sizeof(long), 0);
  if (auxv.vdso && !options.zero) poke(pid, auxv.vdso, AT_IGNORE);
  if (options.saved) save_auxv(pid, auxv);
  if (options.unmap || options.dangling) take_vdso(pid, options.dangling);
  if (auxv.vdso && options.dangling) {
    run_to(pid, auxv.entry);
    poke(pid, auxv.vdso, AT_SYSINFO_EHDR);
  }
}

/* ---- Who does it. ---- */

static void trace(pid_t pid, struct options options, int ready) {
  const long events = PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SEIZE, pid, 0, events) != 0) fail("cannot trace the program");
  if (write(ready, "", 1) != 1) fail("cannot start the program");
  wait_until(pid, PTRACE_CONT, STOP_EXEC);
  /* Out of execve(2), which has yet to write its result to a register. */
  resume_until(pid, PTRACE_SYSCALL, STOP_SYSCALL);
  edit(pid, options);
  if (ptrace(PTRACE_DETACH, pid, 0, 0) != 0) fail("cannot let the program go");
}

/* Forks twice, so that PROGRAM does not find itself with a child that it knows nothing of. */
static void start_tracer(struct options options) {
  pid_t program = getpid();
  int ready[2];
  if (pipe(ready) != 0) fail("cannot make a pipe");
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* the Yama module lets ancestors alone trace */
  pid_t child = fork();
  if (child < 0) fail("cannot fork");
  if (child == 0) {
    pid_t grandchild = fork();
    if (grandchild < 0) fail("cannot fork");
    if (grandchild == 0) {
      close(ready[0]);
      trace(program, options, ready[1]);
    }
    exit(0);
  }
  close(ready[1]);
  char byte;
  if (waitpid(child, NULL, 0) != child || read(ready[0], &byte, 1) != 1) exit(EXIT_LAUNCHER);
  close(ready[0]);
}

static struct options parse_options(char ***arguments) {
  struct options options = {0};
  for (; **arguments && strncmp(**arguments, "--", 2) == 0; ++*arguments) {
    const char *option = **arguments;
    if (strcmp(option, "--zero") == 0) options.zero = 1;
    else if (strcmp(option, "--dangling") == 0) options.dangling = 1;
    else if (strcmp(option, "--saved") == 0) options.saved = 1;
    else if (strcmp(option, "--unmap") == 0) options.unmap = 1;
    else break;
  }
  return options;
}

int main(int argc, char **argv) {
  char **arguments = argv + (argc > 0);
  struct options options = parse_options(&arguments);
  if (!*arguments || **arguments == '-' || (options.zero && options.dangling)) {
    fputs("usage: novdso [--zero | --dangling] [--saved] [--unmap] PROGRAM [ARGUMENT...]\n",
          stderr);
    return EXIT_USAGE;
  }
  start_tracer(options);
  execvp(*arguments, arguments);
  int error = errno;
  perror(*arguments);
  return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}
