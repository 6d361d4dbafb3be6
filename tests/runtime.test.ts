import { assertEquals } from "@std/assert";
import { endianness } from "node:os";
import { test } from "node:test";
import { denoFfi } from "../ffi/deno.ts";
import { ffis } from "../ffi/mod.ts";
import {
  detectPlatform,
  detectRuntime,
  type Globals,
  readKernelFile,
  runtimeClock,
} from "../ffi/runtime.ts";
import { runtime } from "./support.ts";

const process = {
  platform: "linux",
  arch: "x64",
  argv: [],
  hrtime: { bigint: () => 123_456_789_012n },
  emitWarning() {},
  once() {},
  cpuUsage: () => ({ user: 0, system: 0 }),
};
const performance = { now: () => 1.5 };
const node: Globals = { process: { ...process, versions: { node: "26.0.0" } }, performance };
const bun: Globals = {
  process: { ...process, arch: "arm64", versions: { node: "24.0.0", bun: "1.4.5" } },
  Bun: { nanoseconds: () => 77 },
  performance,
};

/** A Deno with the given grants; reading any file gives its path. */
function deno(granted: readonly string[]): Globals {
  return {
    // Deno's process is there, but must not be touched.
    get process(): never {
      throw new Error("touched process");
    },
    Deno: {
      version: { deno: "2.9.5" },
      build: { os: "linux", arch: "aarch64" },
      permissions: {
        querySync: ({ name }) => ({ state: granted.includes(name) ? "granted" : "prompt" }),
      },
      readTextFileSync: (path) => path,
    },
    performance,
  };
}
const browser: Globals = { performance };
const EVERYTHING = ["read", "write", "net", "env", "sys", "run", "ffi"];

test("detectRuntime() tells the runtimes apart, and this one", () => {
  assertEquals([deno([]), bun, node, browser].map(detectRuntime), ["deno", "bun", "node", "other"]);
  assertEquals(detectRuntime(), runtime);
});

test("detectPlatform() uses the kernel's names", () => {
  assertEquals(detectPlatform(deno([])), { os: "linux", arch: "aarch64" });
  assertEquals(detectPlatform(bun), { os: "linux", arch: "aarch64" });
  assertEquals(detectPlatform(node), { os: "linux", arch: "x86_64" });
  const archOf = (arch: string) =>
    detectPlatform({ ...node, process: { ...node.process, arch } as Globals["process"] & object })
      .arch;
  assertEquals(["riscv64", "s390x"].map(archOf), ["riscv64", "s390x"]);
  assertEquals(archOf("ppc64"), endianness() === "LE" ? "ppc64le" : "ppc64");
  assertEquals(detectPlatform(browser), { os: "unknown", arch: "unknown" });
});

test("runtimeClock() is in nanoseconds, and says whose timeline it is on", () => {
  const describe = (g: Globals) => {
    const clock = runtimeClock(g);
    return [clock.name, clock.timeline, clock.now(), clock.nowBigInt()];
  };
  assertEquals(describe(node), [
    "process.hrtime.bigint",
    "machine",
    123_456_789_012,
    123_456_789_012n,
  ]);
  assertEquals(describe(bun), ["Bun.nanoseconds", "context", 77, 77n]);
  assertEquals(describe(deno([])), ["performance.now", "context", 1_500_000, 1_500_000n]);
  assertEquals(describe(browser), ["performance.now", "context", 1_500_000, 1_500_000n]);
});

test("readKernelFile() does not ask Deno unless everything is granted", () => {
  assertEquals(readKernelFile("/proc/x", deno(EVERYTHING)), "/proc/x");
  for (const missing of EVERYTHING) {
    const granted = EVERYTHING.filter((name) => name !== missing);
    assertEquals(readKernelFile("/proc/x", deno(granted)), undefined);
  }
});

test("readKernelFile() is undefined when the file cannot be read", () => {
  assertEquals(readKernelFile("/proc/no-such-file"), undefined);
});

type Grants = Readonly<Record<string, { state: string; partial?: boolean }>>;

/** Deno's FFI permission, by path; "" is the permission for everything. */
function denoWithFfi(grants: Grants) {
  return {
    dlopen: () => ({ symbols: {} }),
    permissions: {
      querySync: ({ path = "" }: { path?: string }) => grants[path] ?? { state: "prompt" },
    },
  };
}

test("denoFfi() wants every library, or the one that will be opened", () => {
  const name = (grants: Grants, path?: string) => denoFfi(path, denoWithFfi(grants)).name;
  const granted = { state: "granted" };
  assertEquals(name({}), "none");
  assertEquals(name({ "": granted }), "deno");
  assertEquals(name({ "": { state: "granted", partial: true } }), "none");
  assertEquals(name({ "/shim.so": granted }), "none");
  assertEquals(name({ "/shim.so": granted }, "/shim.so"), "deno");
  assertEquals(name({ "/shim.so": granted }, "/other.so"), "none");
  assertEquals(
    name({ "": { state: "granted", partial: true }, "/shim.so": granted }, "/shim.so"),
    "deno",
  );
  assertEquals(name({ "": { state: "denied" } }, "/shim.so"), "none");
});

test("ffis() refuses koffi outside Node, with the reason", () => {
  const [first] = ffis({ ffi: "koffi" });
  assertEquals(
    first?.name === "none" ? first.reason : first?.name,
    runtime === "node" ? "koffi" : `koffi is for Node alone, and this is ${runtime}`,
  );
});
