/** No /proc, no address space, no large files, no executable memfds. */
import type { Place } from "../../../scripts/hostile/place.ts";
import { NO_CACHES } from "../../fixtures/lock_down.ts";
import { memfdNoexec, mounted, OWN_MOUNTS, TEMPORARY } from "../../launchers.ts";
import { denyLater, onRuntimeClock, place, probe } from "./place.ts";

/** What a runtime's own heap grows by while the probe runs, and some. */
const MORE_MEMORY = 128 << 20;

export const LIMITS: readonly Place[] = [
  place(
    "proc",
    "/proc is unmounted, once it has started",
    (runtime) => probe(runtime, { launcher: OWN_MOUNTS, locks: [["unmount", "/proc"]] }),
  ),
  place(
    "proc-tmp",
    "/proc is unmounted, once it has started; /tmp, /var/tmp and /dev/shm are mounted noexec",
    (runtime) => {
      const launcher = mounted("noexec", TEMPORARY);
      return onRuntimeClock(runtime, { launcher, locks: [["unmount", "/proc"]] }, /segment/);
    },
  ),
  place(
    "rlimit-as",
    "RLIMIT_AS leaves 128 MiB, once it has started",
    (runtime) => probe(runtime, { locks: [["limitAddressSpace", MORE_MEMORY]] }),
  ),
  place(
    "rlimit-as-full",
    "Executable mmap(2) of files says ENOMEM, as at RLIMIT_AS",
    (runtime) =>
      onRuntimeClock(
        runtime,
        { locks: [denyLater("mmap_exec_file:ENOMEM")] },
        /failed to map segment from shared object/,
      ),
  ),
  place(
    "rlimit-fsize",
    "RLIMIT_FSIZE allows files of 1000 bytes, once it has started",
    (runtime) => {
      const caches = Object.entries(NO_CACHES).map(([name, value]) => `${name}=${value}`);
      const where = { launcher: ["env", ...caches], locks: [["limitFileSize", 1000]] as const };
      return onRuntimeClock(runtime, where, /RLIMIT_FSIZE allows files/);
    },
  ),
  ...([0, 1, 2] as const).map((level) =>
    place(
      `memfd_noexec-${level}`,
      `vm.memfd_noexec is ${level}`,
      (runtime) => probe(runtime, { launcher: memfdNoexec(level) }),
    )
  ),
];
