/**
 * What bind() takes, refuses and says, in processes of their own (fixtures/env_steps.ts).
 */
// npm test: deno, bun, node24, node26 (koffi is for Node before 26)
import { test } from "node:test";
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Sources } from "../../mod.ts";
import { readClocks } from "../fixtures/env_clocks.ts";
import { assertBetween, assertOnHrtime, assertSameClocks } from "../fixtures/env_compare.ts";
import {
  allFrom,
  copySources,
  doSteps,
  returned,
  thrown,
  withDirectory,
  writeShim,
} from "../fixtures/env_run.ts";
import { nativeProgram, skipWithoutGcc } from "../native.ts";
import { expectedFfi, expectedSources, full, libraryFfi, nodeMajor, runtime } from "../support.ts";

const TIMEOUT = 60_000;

/** Node 24 is here for its koffi. */
const skipTwin = !full && nodeMajor === 24 && "in the full tier; in Node 26 always";

test("bind() does nothing when called again", { skip: skipTwin, timeout: TIMEOUT }, () => {
  const [first, time, again, empty, sources] = doSteps([
    "bind",
    "now",
    "bind",
    "bind {}",
    "sources",
  ]);
  for (const outcome of [first, again, empty]) assertEquals(returned(outcome), undefined);
  assertGreater(returned(time), 0);
  assertEquals(returned(sources), {
    ffi: expectedFfi,
    timeline: "machine",
    ...expectedSources,
  });
});

test("bind() throws when bound in another way", { skip: skipTwin, timeout: TIMEOUT }, () => {
  for (
    const [first, other] of [["bind", "/no/such/shim.so"], ["now", "/no/such/shim.so"]] as const
  ) {
    const steps = [first, `bind {"shim": "${other}"}`, "now"] as const;
    const [, refused, time] = doSteps(steps);
    assertEquals(thrown(refused).name, "Error");
    assertStringIncludes(thrown(refused).message, `already bound by ${expectedFfi}`);
    assertGreater(returned(time), 0);
  }
});

for (
  const [ffi, reason] of [
    ["addon", "The addon is for Node alone"],
    ["node", nodeMajor === 0 ? "node:ffi is for Node alone" : "This Node has no node:ffi"],
    ["koffi", "koffi is for Node alone"],
  ] as const
) {
  const isHere = runtime === "node" && (ffi !== "node" || nodeMajor >= 26);
  test(`bind() takes ${ffi} where there is such, and nothing else`, {
    skip: ffi !== "koffi" && skipTwin,
    timeout: TIMEOUT,
  }, () => {
    const before = readClocks();
    assertBetween(() => {
      const steps = [
        `bind {"ffi": "${ffi}"}`,
        "sources",
        "bind",
        "clocks",
        "callNow 20000",
      ] as const;
      const [bound, sources, again, clocks, backwards, time] = doSteps([...steps, "now"]);
      assertEquals(returned(again), undefined);
      assertEquals(returned(sources).entries, allFrom("vdso"));
      if (isHere) {
        assertEquals(returned(bound), undefined);
        assertEquals(returned(sources).ffi, ffi);
      } else {
        assertEquals(thrown(bound).name, "UnsupportedError");
        assertStringIncludes(thrown(bound).message, reason);
        // A failed bind() leaves everything open.
        assertEquals(returned(sources).ffi, expectedFfi);
      }
      assertSameClocks(before, returned(clocks), readClocks());
      assertEquals(returned(backwards), 0);
      return returned(time);
    });
  });
}

test("bind() throws when another FFI is asked for than the one that is bound", {
  skip: skipTwin || runtime !== "node" && "only Node has several",
  timeout: TIMEOUT,
}, () => {
  const [, refused, sources] = doSteps(["bind", 'bind {"ffi": "koffi"}', "sources"]);
  assertEquals(thrown(refused).name, "Error");
  assertStringIncludes(thrown(refused).message, "already bound by addon");
  assertEquals(returned(sources).ffi, "addon");
});

test("bind() opens the shim that it is given, by path or file URL", { timeout: TIMEOUT }, () => {
  withDirectory((directory) => {
    // What a URL has to escape.
    const path = writeShim(directory).replace(/[^/]+$/, "an odd näme%.so");
    copyFileSync(writeShim(directory), path);
    const url = pathToFileURL(path).href;
    const byPath = `bind ${JSON.stringify({ shim: path })}` as const;
    const byText = `bind ${JSON.stringify({ shim: url })}` as const;
    const byUrl = `bindUrl ${JSON.stringify(url)}` as const;
    for (const [first, second] of [[byPath, byUrl], [byText, byPath], [byUrl, byText]] as const) {
      const [bound, same, none, sources, refused] = doSteps([
        first,
        second,
        "bind",
        "sources",
        'bind {"shim": "/another/shim.so"}',
      ]);
      for (const outcome of [bound, same, none]) assertEquals(returned(outcome), undefined);
      assertEquals(returned(sources).ffi, libraryFfi);
      assertEquals(returned(sources).entries, allFrom("vdso"));
      assertStringIncludes(thrown(refused).message, path);
    }
  });
});

test("bind() throws TypeError or RangeError when an option is wrong", {
  skip: skipTwin,
  timeout: TIMEOUT,
}, () => {
  const wrong: readonly (readonly [options: unknown, error: "TypeError" | "RangeError"])[] = [
    [5, "TypeError"],
    ["/a/path", "TypeError"],
    [null, "TypeError"],
    [{ shim: 5 }, "TypeError"],
    [{ shim: null }, "TypeError"],
    [{ shim: {} }, "TypeError"],
    [{ shim: "" }, "RangeError"],
    [{ shim: "shim.so" }, "RangeError"],
    [{ shim: "./shim.so" }, "RangeError"],
    [{ shim: "https://example.org/shim.so" }, "RangeError"],
    [{ shim: "file://host/shim.so" }, "RangeError"],
    [{ shim: "/a\0b" }, "RangeError"],
    [{ shim: "file:///a%00b" }, "RangeError"],
    [{ ffi: "deno" }, "RangeError"],
  ];
  const outcomes = doSteps([
    ...wrong.map(([options]) => `bind ${JSON.stringify(options)}` as const),
    "sources",
  ]);
  wrong.forEach(([options, error], index) => {
    const outcome = outcomes[index];
    assert(outcome);
    assertEquals(thrown(outcome).name, error, JSON.stringify(options));
    assertMatch(thrown(outcome).message, /^Expected `options.*`/);
  });
  // None of that has bound anything.
  const sources = outcomes.at(-1);
  assert(sources);
  assertEquals((returned(sources) as Sources).entries, allFrom("vdso"));
});

test("bind() throws UnsupportedError when the shim is not of this build", {
  skip: skipWithoutGcc,
  timeout: TIMEOUT,
}, () => {
  withDirectory((directory) => {
    const text = join(directory, "text.so");
    writeFileSync(text, "no ELF image");
    const wrongBuild = nativeProgram("wrong_build", ["-shared", "-fPIC"]);
    const [other, noElf, missing, again, time, sources] = doSteps([
      `bind ${JSON.stringify({ shim: wrongBuild })}`,
      `bind ${JSON.stringify({ shim: text })}`,
      `bind ${JSON.stringify({ shim: join(directory, "missing.so") })}`,
      `bind ${JSON.stringify({ shim: writeShim(directory) })}`,
      "now",
      "sources",
    ]);
    const refusals = [
      [other, /Expected the shim .* gave 123456789abc$/],
      [noElf, /text\.so|file too short/],
      [missing, /missing\.so|No such file/],
    ] as const;
    for (const [refused, message] of refusals) {
      assertEquals(thrown(refused).name, "UnsupportedError");
      assertMatch(thrown(refused).message, message);
      assert(thrown(refused).cause, "Expected a cause");
    }
    // They have left the process unbound, free to bind in another way.
    assertEquals(returned(again), undefined);
    assertEquals(returned(sources).entries, allFrom("vdso"));
    assertGreater(returned(time), 1000); // not the 42 of wrong_build.c
  });
});

// ---- Without koffi ----

test("now() answers from process.hrtime when there is neither addon nor koffi", {
  skip: libraryFfi !== "koffi" && "only Node before 26 takes koffi",
  timeout: TIMEOUT,
}, () => {
  withDirectory((root) => {
    copySources(root);
    const [bound, sources, exact, other, again] = assertOnHrtime(() =>
      doSteps(["bind", "sources", "nowBigInt", 'bind {"ffi": "koffi"}', "bind", "now"], {
        root,
        addon: false,
      })
    );
    assertEquals(thrown(bound).name, "UnsupportedError");
    assertStringIncludes(thrown(bound).message, "Cannot find module 'koffi'");
    assert(thrown(bound).cause, "Expected a cause");
    const said = returned(sources);
    assertEquals([said.ffi, said.timeline, said.entries], ["none", "machine", allFrom("runtime")]);
    assertStringIncludes(said.reason ?? "", "Cannot find module 'koffi'");
    assertGreater(returned(exact), 0n);
    // The timeline has answered: from here on it stays.
    assertEquals(thrown(other).name, "Error");
    assertStringIncludes(thrown(other).message, "Cannot bind any more");
    assertEquals(thrown(again).name, "UnsupportedError");
  });
});

test("bind() names koffi as the cause when koffi is not installed", {
  skip: skipTwin || runtime !== "node" && "koffi is for Node alone",
  timeout: TIMEOUT,
}, () => {
  withDirectory((root) => {
    copySources(root);
    const [refused, sources] = doSteps(['bind {"ffi": "koffi"}', "sources"], { root });
    assertEquals(thrown(refused).name, "UnsupportedError");
    assertEquals(thrown(refused).cause?.code, "MODULE_NOT_FOUND");
    assertEquals(returned(sources).ffi, "addon");
  });
});
