/**
 * What dlopen(3) is given for a file that has no name.
 *
 * @module
 */

/**
 * A path to descriptor `fd` that is spelt differently for each build of the shim. glibc knows a
 * library by the string that opened it: another version's file may have had this very number, and
 * dlopen("/proc/self/fd/N") would then return that one. Between the components the build id's bits
 * stand as `/` and `/.`, which the kernel skips.
 */
export function descriptorPath(fd: number, buildId: number): string {
  const bits = buildId.toString(2).replaceAll("0", "/").replaceAll("1", "/.");
  return `/proc/self/fd${bits}/${fd}`;
}
