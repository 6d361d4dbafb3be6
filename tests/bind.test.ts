import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { bind, sources } from "../mod.ts";
import { expectedFfi, expectedSources } from "./support.ts";

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
