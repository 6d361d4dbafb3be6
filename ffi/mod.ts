/**
 * Chooses the FFI of this runtime.
 *
 * @module
 */
import { addonFfi, type AddonImage } from "./addon.ts";
import { bunFfi } from "./bun.ts";
import { denoFfi } from "./deno.ts";
import { errorMessage } from "./error_message.ts";
import { koffiFfi } from "./koffi.ts";
import { nodeFfi } from "./node.ts";
import { builtin, detectPlatform, detectRuntime, globals } from "./runtime.ts";
import type { Ffi, NodeFfiName, NoFfi } from "./types.ts";

/** What a caller may insist on. */
export interface FfiOptions {
  /** The one library that will be opened: for Deno's `--allow-ffi=PATH`. */
  readonly shim?: string | undefined;
  /** In Node this one alone. */
  readonly ffi?: NodeFfiName | undefined;
  /** The shim as an addon for this CPU, where there is one. */
  readonly addon?: AddonImage | undefined;
}

/**
 * The FFIs to try, best first, each made only when it is asked for. One that cannot be had is there
 * as its reason.
 */
export function* ffis(options: FfiOptions): Generator<Ffi | NoFfi> {
  const { shim, ffi } = options;
  const runtime = detectRuntime();
  if (runtime === "node") {
    yield* nodeFfis(options);
  } else if (ffi !== undefined) {
    const name = ffi === "node" ? "node:ffi" : ffi === "addon" ? "The addon" : ffi;
    yield { name: "none", reason: `${name} is for Node alone, and this is ${runtime}` };
  } else if (runtime === "deno") {
    yield denoFfi(shim);
  } else if (runtime === "bun") {
    yield orReason(bunFfi);
  } else {
    yield { name: "none", reason: "No FFI is known for this JavaScript runtime" };
  }
}

function* nodeFfis({ shim, ffi, addon }: FfiOptions): Generator<Ffi | NoFfi> {
  const { arch } = detectPlatform();
  if (buildsSnapshot()) {
    yield { name: "none", reason: "Node can keep no native function in a snapshot" };
    return;
  }
  if (ffi === undefined || ffi === "addon") {
    yield addon
      ? orReason(() => addonFfi(addon, shim))
      : { name: "none", reason: `There is no addon for ${arch}` };
  }
  if (ffi === undefined || ffi === "node") yield orReason(nodeFfi);
  if (ffi === undefined && arch === "riscv64") yield RISCV_KOFFI;
  else if (ffi === undefined || ffi === "koffi") yield orReason(koffiFfi);
}

/** It would abort then. node:v8 takes 4 ms to load: asked only where the command line says so. */
function buildsSnapshot(): boolean {
  const options = globals.process?.execArgv ?? [];
  // Node takes underscores for dashes.
  if (!options.some((option) => /^--(build|experimental)[-_](snapshot|sea)/.test(option))) {
    return false;
  }
  const { startupSnapshot } = builtin("node:v8") as {
    startupSnapshot?: { isBuildingSnapshot?(): boolean };
  };
  return startupSnapshot?.isBuildingSnapshot?.() ?? false;
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
    return { name: "none", reason: errorMessage(cause).split("\n")[0] ?? "", cause };
  }
}
