/**
 * Chooses the FFI of this runtime.
 *
 * @module
 */
import { bunFfi } from "./bun.ts";
import { denoFfi } from "./deno.ts";
import { koffiFfi } from "./koffi.ts";
import { nodeFfi } from "./node.ts";
import { detectPlatform, detectRuntime } from "./runtime.ts";
import type { Ffi, NoFfi } from "./types.ts";

/** What a caller may insist on. */
export interface FfiOptions {
  /** The one library that will be opened: for Deno's `--allow-ffi=PATH`. */
  readonly shim?: string | undefined;
  /** koffi even where Node has an FFI of its own. */
  readonly ffi?: "koffi" | undefined;
}

/**
 * The FFIs to try, best first, each made only when it is asked for. One that cannot be had is there
 * as its reason.
 */
export function* ffis({ shim, ffi }: FfiOptions): Generator<Ffi | NoFfi> {
  const runtime = detectRuntime();
  if (ffi === "koffi" && runtime !== "node") {
    yield { name: "none", reason: `koffi is for Node alone, and this is ${runtime}` };
  } else if (runtime === "deno") {
    yield denoFfi(shim);
  } else if (runtime === "bun") {
    yield orReason(bunFfi);
  } else if (runtime === "node") {
    if (ffi !== "koffi") yield orReason(nodeFfi);
    yield ffi !== "koffi" && detectPlatform().arch === "riscv64" ? RISCV_KOFFI : orReason(koffiFfi);
  } else {
    yield { name: "none", reason: "No FFI is known for this JavaScript runtime" };
  }
}

/** As koffi 3.3.4 is built: the first vector instruction of its initialization kills the process. */
const RISCV_KOFFI: NoFfi = {
  name: "none",
  reason: "koffi for riscv64 crashes where the CPU is not of the RVA23 profile: " +
    'only bind({ ffi: "koffi" }) tries it',
};

function orReason(make: () => Ffi | NoFfi): Ffi | NoFfi {
  try {
    return make();
  } catch (cause) {
    // Node appends the files that required a missing module: noise here.
    const text = cause instanceof Error ? cause.message : String(cause);
    return { name: "none", reason: text.split("\n")[0] ?? "", cause };
  }
}
