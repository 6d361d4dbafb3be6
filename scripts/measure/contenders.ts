/**
 * The clocks that are measured inside a runtime: a loop for each, as its users would write it.
 *
 * Each loop is spelt out, and nothing is shared between them: a closure that several functions go
 * through hides the FFI's fast calls from V8, 15 ns a call. Every result is used, so that no
 * compiler can leave a call out. Sums start as fractions: one that starts as a small integer is not
 * always a plain double to V8, and each addition then allocates, 3 ns.
 */
import { createRequire } from "node:module";
import process from "node:process";
import { native } from "../../core/binding.ts";
import { clockCost } from "../../doctor/mod.ts";
import { CLOCK_MONOTONIC, clockGettime, now, nowBigInt, sources } from "../../mod.ts";
import { runtime } from "../../tests/support.ts";
import type { ContenderName } from "./results.ts";
import { type Batch, timed } from "./timed.ts";

type Batches = Readonly<Partial<Record<ContenderName, Batch>>>;

/** The contenders of this runtime. */
export function contenders(): Batches {
  return {
    ...libraryClocks(),
    ...builtInClocks(),
    ...(sources().ffi !== "none" && nativeLoops()),
    ...(runtime === "node" && { microtime: microtime() }),
  };
}

function libraryClocks(): Batches {
  const clocks: Batches = {
    now: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += now();
      return sum;
    }),
    nowBigInt: timed((calls) => {
      let last = 0n;
      for (let i = 0; i < calls; i++) last = nowBigInt();
      return last;
    }),
    clockGettime: timed((calls) => {
      let last = 0n;
      for (let i = 0; i < calls; i++) last = clockGettime(CLOCK_MONOTONIC);
      return last;
    }),
  };
  if (sources().ffi === "none") return clocks;
  // The same function as behind now(), without the exported function and its table in between.
  const { vdso_now: eagerNow, vdso_build_id: emptyCall } = native().shim.core;
  return {
    ...clocks,
    eagerNow: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += eagerNow();
      return sum;
    }),
    // Returns a constant: what the FFI itself costs.
    emptyCall: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += emptyCall();
      return sum;
    }),
  };
}

function builtInClocks(): Batches {
  const { performance } = globalThis;
  const clocks: Batches = {
    performanceNow: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += performance.now();
      return sum;
    }),
    hrtimeBigint: timed((calls) => {
      let last = 0n;
      for (let i = 0; i < calls; i++) last = process.hrtime.bigint();
      return last;
    }),
  };
  const { Bun } = globalThis as { Bun?: { nanoseconds(): number } };
  if (!Bun) return clocks;
  return {
    ...clocks,
    bunNanoseconds: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += Bun.nanoseconds();
      return sum;
    }),
  };
}

/** The loops inside the shim; clockCost() chooses the number of calls itself. */
function nativeLoops(): Batches {
  return {
    shim: (calls) => clockCost().nativeNs * calls,
    syscall: (calls) => clockCost().syscallNs * calls,
  };
}

/** The npm package of that name, a Node-API addon: microseconds of gettimeofday(2). */
function microtime(): Batch {
  const microtime = createRequire(import.meta.url)("microtime") as { now(): number };
  return timed((calls) => {
    let sum = 0.5;
    for (let i = 0; i < calls; i++) sum += microtime.now();
    return sum;
  });
}
