/**
 * Opens as many C functions as starts_worker.ts does by way of the library, and calls one: what a
 * Worker leaves behind that uses the FFI, and no more.
 */
import { readFileSync } from "node:fs";
import { LIBC } from "../../shim/libc.ts";
import {
  SHIM,
  SHIM_CLOCKS,
  SHIM_CPU,
  SHIM_PROCESS,
  SHIM_RANDOM,
  SHIM_REFERENCE,
  SHIM_TICKS,
  SHIM_WALL,
} from "../../shim/signatures.ts";
import { ownFfi } from "../fixtures/own_ffi.ts";

const used = [LIBC, SHIM, SHIM_CLOCKS, SHIM_CPU, SHIM_PROCESS, SHIM_RANDOM, SHIM_TICKS];
// On musl shim/load.ts resolves all of them, and once more those that it needs to look.
const isMusl = readFileSync("/proc/self/maps", "utf8").includes("musl");
const groups = isMusl ? [...used, SHIM, SHIM_WALL, SHIM_REFERENCE] : used;
const ffi = ownFfi();
for (const group of groups) {
  // Those of libc in their place, which need not be found: what counts is how many.
  const { length } = Object.keys(group);
  ffi.open("libc.so.6", Object.fromEntries(Object.entries(LIBC).slice(0, length)));
}
ffi.open("libc.so.6", { getpid: [[], "i32"] }).getpid();
