/** Words that start a program where something is missing or forbidden. Mounting takes root. */
import { nativeProgram } from "./native.ts";
import { ROOT } from "./support.ts";

/** Where the loader makes a file if it must. */
export const TEMPORARY: readonly string[] = ["/tmp", "/var/tmp", "/dev/shm"];

/** Under which the system calls of `rules` fail: see native/deny.c. */
export function denying(rules: string): readonly string[] {
  return [nativeProgram("deny"), rules];
}

/** A namespace of mounts, for a program that takes some away. */
export const OWN_MOUNTS: readonly string[] = ["unshare", "--mount"];

/** What is wrong with a directory: no execution, no writing, or no room left. */
export type Flaw = "noexec" | "ro" | "full";

/**
 * For which the `directories` have a flaw, in a namespace of its own. Not the checkout, which is
 * mounted apart: it may lie in one of them.
 */
export function mounted(flaw: Flaw, directories: readonly string[]): readonly string[] {
  const mounts = directories.map((directory) =>
    flaw === "full"
      ? `mount -t tmpfs -o size=16k none ${directory}; cat /dev/zero >${directory}/full 2>&- || :`
      : `mount --rbind ${directory} ${directory}; mount -o remount,bind,${flaw} ${directory}`
  );
  // By a descriptor: a file system that is mounted over it hides its name.
  const checkout = 'mkdir -p "$0"; mount --no-canonicalize --bind /proc/self/fd/9 "$0"';
  const script = [
    'exec 9<"$0"',
    ...(flaw === "full" ? [...mounts, checkout] : ['mount --bind "$0" "$0"', ...mounts]),
    'cd "$0"',
    'exec "$@" 9<&-',
  ].join("; ");
  return [...OWN_MOUNTS, "sh", "-ec", script, ROOT];
}

/** With the sysctl vm.memfd_noexec set, which a namespace of processes has for itself. */
export function memfdNoexec(level: 0 | 1 | 2): readonly string[] {
  const script = `echo ${level} >/proc/sys/vm/memfd_noexec; exec "$@"`;
  return ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-ec", script, "sh"];
}

/** With clocks that are so many seconds ahead of this machine's. */
export function timeNamespace(monotonic: number, boottime: number): readonly string[] {
  return ["unshare", "-T", "--monotonic", `${monotonic}`, "--boottime", `${boottime}`];
}
