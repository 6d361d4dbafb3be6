import { assertEquals, assertGreater, assertLess, assertMatch, assertThrows } from "@std/assert";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { bind, sources } from "../../mod.ts";
import { NO_CACHES } from "../fixtures/lock_down.ts";
import { expectedFfi, expectedSources, full, nodeMajor, ROOT, run, runtime } from "../support.ts";

const KNOWN = '"addon", "node", "koffi"';

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
  if (expectedFfi === "addon") bind({ ffi: "addon" });
  assertEquals(sources().ffi, expectedFfi);
});

test("bind() throws when bound in another way already", () => {
  bind();
  assertThrows(() => bind({ shim: "/some/where.so" }), Error, "already bound by");
  for (const ffi of ["koffi", "node"] as const) {
    assertThrows(() => bind({ ffi }), Error, `already bound by ${expectedFfi}`);
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
  assertThrows(() => call({ ffi: 5 }), TypeError, `\`options.ffi\` to be one of ${KNOWN}, got 5`);
  assertThrows(
    () => call({ ffi: "deno" }),
    RangeError,
    `\`options.ffi\` to be one of ${KNOWN}, got "deno"`,
  );
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

test("bind() takes a URL of another realm, as its href", () => {
  // No function of this realm's URL takes it.
  const other = { href: "https://a/b" };
  assertThrows(() => bind({ shim: other }), RangeError, 'got "https://a/b"');
  assertThrows(() => bind({ shim: { href: "file:///no/such.so" } }), Error, "already bound by");
});

test("bind() reads no option that is inherited", () => {
  const polluted = Object.prototype as { shim?: string; ffi?: string };
  polluted.shim = "/no/such/shim.so";
  polluted.ffi = "nonsense";
  try {
    bind();
    bind({});
  } finally {
    delete polluted.shim;
    delete polluted.ffi;
  }
});

test("what was missing for a moment is asked for again, until a clock has answered", () => {
  for (const [calls, before] of [[0, expectedFfi], [20, "none"]] as const) {
    const { code, stdout, stderr } = run("tests/fixtures/momentary.ts", [`${calls}`]);
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(stdout), {
      during: ["none", "UnsupportedError", "UnsupportedError"],
      before, // after many calls ever more seldom, but by a clock before it is too late
      after: [expectedFfi, "machine"],
    });
  }
});

test("bind() opens all that Deno's tests would take for leaks later", {
  skip: runtime !== "deno" && "only Deno counts them",
}, () => {
  const file = join(ROOT, "tests/fixtures/sanitized_resources.ts");
  const words = ["test", "--no-check", "--sanitize-resources", "--allow-ffi", file];
  const env = { ...process.env, NO_COLOR: "1" };
  const { status, stdout } = spawnSync(process.execPath, words, { encoding: "utf8", env });
  assertEquals(status, 0, stdout);
  assertMatch(stdout, /\b7 passed/);
});

/** What tests/fixtures/limited_files.ts prints. */
interface Limited {
  readonly ffi: string;
  readonly reason: string;
  readonly first: number;
  readonly later: number;
}

test("bind() does not write what RLIMIT_FSIZE forbids: the kernel would end Deno", () => {
  const { code, signal, stdout, stderr } = run("tests/fixtures/limited_files.ts", [], {
    deno: ["--allow-all"],
    env: NO_CACHES,
  });
  assertEquals([code, signal], [0, null], stderr);
  const { ffi, reason, first, later } = JSON.parse(stdout) as Limited;
  assertEquals(ffi, "none");
  assertMatch(reason, /RLIMIT_FSIZE allows files of 1000 bytes/);
  // Of 20 calls nearly each one asks again; of the 980 that follow five.
  assertGreater(first, 15);
  assertLess(later, first);
});

// koffi itself looks for what the CPU is said to be: so it shows whether it was tried.
test("bind() tries koffi on riscv64 only where it is asked for", {
  skip: runtime !== "node" ? "koffi is for Node" : !full && nodeMajor === 22 &&
    "in the full tier; in Node 26 always",
}, () => {
  const said = (option: string) => {
    const { code, stdout, stderr } = run("tests/fixtures/riscv64.ts", [option]);
    assertEquals(code, 0, stderr);
    return stdout;
  };
  assertMatch(said(""), /koffi for riscv64 crashes .*\nnone\n$/);
  assertMatch(said("koffi"), /^Cannot find the native Koffi module.*\nnone\n$/);
});
