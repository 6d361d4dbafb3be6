/**
 * Opens as many C functions as starts_worker.ts does by way of the library, and calls one: what a
 * Worker leaves behind that uses the FFI, and no more.
 */
import {
  LIBC,
  SHIM,
  SHIM_CLOCKS,
  SHIM_CPU,
  SHIM_PROCESS,
  SHIM_RANDOM,
  SHIM_TICKS,
} from "../../ffi/types.ts";
import { ownFfi } from "../fixtures/own_ffi.ts";

// These tables need not be found: what counts is how many of what shape.
const groups = [LIBC, SHIM, SHIM_CLOCKS, SHIM_CPU, SHIM_PROCESS, SHIM_RANDOM, SHIM_TICKS];
const ffi = ownFfi();
for (const group of groups) {
  const length = Object.keys(group).length;
  ffi.open("libc.so.6", Object.fromEntries(Object.entries(LIBC).slice(0, length)));
}
ffi.open("libc.so.6", { getpid: [[], "i32"] }).getpid();
