/**
 * What the library's own tools take of it beyond its API: the one door from doctor/ and bench/
 * into core/.
 *
 * In the npm package the library is one file, and this is how tools share its state: see
 * scripts/build/npm/bundle.ts.
 *
 * @module
 */
export { ENTRIES } from "../elf/entries.ts";
export {
  builtin,
  detectPlatform,
  detectRuntime,
  type Globals,
  globals,
  mayReadKernelFiles,
  readKernelFile,
} from "../ffi/runtime.ts";
export { runtimeClocks } from "../ffi/runtime_clocks.ts";
export { IMAGES } from "../shim/images.ts";
export { imageBytes } from "../shim/load.ts";
export {
  SHIM_CLOCKS,
  SHIM_JITTER,
  SHIM_MACHINE,
  SHIM_REFERENCE,
  SHIM_TICKS,
} from "../shim/signatures.ts";
export { native } from "./binding.ts";
export { checkClock, checked } from "./clock.ts";
export { counterCosts, SPARES_SYSCALL } from "./counter_costs.ts";
export { toLocation } from "./cpu.ts";
export { show } from "./errors.ts";
export { counterJumps, COUNTERS } from "./ticks.ts";
export { toTimeval } from "./wall.ts";
