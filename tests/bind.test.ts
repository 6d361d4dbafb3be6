import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { test } from "node:test";
import { bind, sources } from "../mod.ts";
import { expectedFfi, expectedSources, run, runtime } from "./support.ts";

test("sources() says vdso for every entry that the kernel has, by this runtime's FFI", () => {
  assertEquals(sources(), { ffi: expectedFfi, timeline: "machine", ...expectedSources });
});

test("sources() returns a copy that the caller may change", () => {
  (sources().entries as Record<string, string>)["clock_gettime"] = "changed";
  assertEquals(sources().entries.clock_gettime, "vdso");
});

test("bind() does nothing when bound already", () => {
  bind();
  bind({});
  if (expectedFfi === "koffi") bind({ ffi: "koffi" });
  assertEquals(sources().ffi, expectedFfi);
});

test("bind() throws when bound in another way already", () => {
  bind();
  assertThrows(() => bind({ shim: "/some/where.so" }), Error, "already bound by");
  if (expectedFfi !== "koffi") {
    assertThrows(() => bind({ ffi: "koffi" }), Error, `already bound by ${expectedFfi}`);
  }
});

test("bind() names the option and what it got when that is of the wrong kind", () => {
  // deno-lint-ignore no-explicit-any
  const call = bind as (options: any) => void;
  assertThrows(() => call(null), TypeError, "`options` to be an object, got null");
  assertThrows(() => call("x"), TypeError, '`options` to be an object, got "x"');
  assertThrows(
    () => call({ shim: 1 }),
    TypeError,
    "`options.shim` to be a path or a file URL, got 1",
  );
  assertThrows(() => call({ ffi: 5 }), TypeError, '`options.ffi` to be "koffi", got 5');
  assertThrows(() => call({ ffi: "node" }), RangeError, '`options.ffi` to be "koffi", got "node"');
  for (
    const shim of [
      "shim.so",
      "./shim.so",
      "",
      "https://a/b",
      new URL("https://a/b"),
      "/a\0b",
      "file:///a%zz",
    ]
  ) {
    assertThrows(() => call({ shim }), RangeError, "an absolute path or a file URL");
  }
});

// koffi itself looks for what the CPU is said to be: so it shows whether it was tried.
test("bind() tries koffi on riscv64 only where it is asked for", {
  skip: runtime !== "node" && "koffi is for Node",
}, () => {
  const said = (option: string) => {
    const { code, stdout } = run("tests/fixtures/riscv64.ts", [option]);
    assertEquals(code, 0);
    return stdout;
  };
  assertMatch(said(""), /koffi for riscv64 crashes .*\nnone\n$/);
  assertMatch(said("koffi"), /^Cannot find the native Koffi module.*\nnone\n$/);
});
