import { assertEquals } from "@std/assert";
import { endianness } from "node:os";
import { test } from "node:test";
import { detectPlatform, detectRuntime, type Globals, readKernelFile } from "../../ffi/runtime.ts";
import { runtime } from "../support.ts";

const process = {
  platform: "linux",
  arch: "x64",
  argv: [],
  hrtime: { bigint: () => 123_456_789_012n },
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
      dlopen: () => {},
      build: { os: "linux", arch: "aarch64" },
      permissions: {
        querySync: ({ name }) => ({ state: granted.includes(name) ? "granted" : "prompt" }),
      },
      readTextFileSync: (path) => path,
      osUptime: () => 0,
    },
    performance,
  };
}
const browser: Globals = { performance };
const EVERYTHING = ["read", "write", "net", "env", "sys", "run", "ffi"];

test("detectRuntime() tells the runtimes apart, and this one", () => {
  assertEquals([deno([]), bun, node, browser].map(detectRuntime), ["deno", "bun", "node", "other"]);
  assertEquals(detectRuntime(), runtime);
  const { dlopen: _, ...shim } = deno(EVERYTHING).Deno as NonNullable<Globals["Deno"]>;
  assertEquals(detectRuntime({ ...node, Deno: shim }), "node");
  const versions = { node: "24.0.0", deno: "2.9.5" };
  const withoutFfi: Globals = { process: { ...process, versions }, Deno: shim, performance };
  assertEquals(detectRuntime(withoutFfi), "deno");
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
