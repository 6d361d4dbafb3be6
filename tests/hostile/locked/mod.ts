/**
 * Locked-down processes: seccomp filters, permissions of Deno and Node, temporary directories that
 * are of no use, no /proc, no address space, no executable memfds; clocks of another time namespace;
 * and another C library. In every runtime, values checked against the system calls, or, where these
 * are denied, against this process's.
 */
import type { Place } from "../../../scripts/hostile/place.ts";
import { LIMITS } from "./limits.ts";
import { MUSL } from "./musl.ts";
import { DENO_PLACES, NODE_PLACES } from "./permissions.ts";
import { SECCOMP } from "./seccomp.ts";
import { FILES } from "./temporary_files.ts";
import { TIME_NAMESPACE } from "./time_namespace.ts";

export const PLACES: readonly Place[] = [
  ...SECCOMP,
  ...DENO_PLACES,
  ...NODE_PLACES,
  ...FILES,
  ...LIMITS,
  TIME_NAMESPACE,
  MUSL,
];
