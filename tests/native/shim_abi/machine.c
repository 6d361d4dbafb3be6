/* What the doctor asks of the kernel and the CPU. */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/timex.h>
#include "say.h"
#include "shim.h"

void say_machine(void) {
  uint32_t leaf[5] = {0, 0, 0, 0, 0x55};
  struct timex expected = {0};
  union {
    struct timex x;
    unsigned char bytes[sizeof(struct timex) + 1];
  } found;
  memset(&found, 0x55, sizeof found); /* modes that would set everything */
  int state = adjtimex(&expected);
  say("adjtimex.state", vdso_adjtimex(&found, sizeof found.x) == state);
  say("adjtimex.equal", found.x.tick == expected.tick && found.x.freq == expected.freq &&
                          found.x.status == expected.status &&
                          found.x.time.tv_sec >= expected.time.tv_sec);
  say("adjtimex.beyond", found.bytes[sizeof found.x]);
  say("adjtimex.short", vdso_adjtimex(&found, sizeof found.x - 1));
  say("adjtimex.null", vdso_adjtimex(NULL, 0));
  say("syslog.negative", vdso_syslog(leaf, -1) < 0);
  int mode = prctl(PR_GET_SECCOMP);
  say("seccomp", vdso_seccomp() == (mode < 0 ? -errno : mode));
  int32_t bytes = vdso_cpuid(0, leaf, sizeof leaf);
#ifdef __x86_64__
  say("cpuid", bytes == 16 && leaf[1] != 0 && leaf[4] == 0x55 &&
                 vdso_cpuid(0, leaf, 15) == -EINVAL);
#else
  say("cpuid", bytes == -ENOSYS && leaf[0] == 0);
#endif
}
