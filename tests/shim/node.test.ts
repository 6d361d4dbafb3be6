/**
 * The addon and V8: fast calls where it is known, and Node-API, with the same answers, where anything
 * about it is not as it should be. The shipped bytes are changed for that.
 */
// both tiers: node22, node24, node26 (it is of Node)
import { assert, assertEquals, assertLess } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { compileShim } from "../../scripts/build/compile_shim.ts";
import { detectPlatform } from "../../ffi/runtime.ts";
import { addonBytes, writeAddon } from "../fixtures/addon_bytes.ts";
import type { Verdict } from "../fixtures/addon_v8.ts";
import { inDirectory } from "../fixtures/bundle_project.ts";
import { nativeProgram, skipWithoutGcc } from "../native.ts";
import { SHIM_ALL } from "../../shim/signatures.ts";
import { full, nodeMajor, ROOT, run, type RunOptions, runtime, skipUnless } from "../support.ts";

const timeout = 120_000;
const onlyNode = runtime !== "node" && "Node's addons";

/** Texts in the place of others. */
type Changes = readonly (readonly [from: string, to: string])[];

/** V8's versions in Node 22, 24 and 26, as far as shim/node.c goes by them. */
const VERSIONS: Readonly<Record<number, string>> = {
  22: "12.4.254.",
  24: "13.6.233.",
  26: "14.6.202.",
};
const version = VERSIONS[nodeMajor] ?? "";

const FIXTURE = join(ROOT, "tests/fixtures/addon_v8.ts");

/** What the fixture says of addons with these changes. */
function verdicts(
  changes: readonly Changes[],
  options: RunOptions = {},
  fixture = FIXTURE,
): Verdict[] {
  return inDirectory((directory) => {
    const files = changes.map((change, index) =>
      writeAddon(directory, addonBytes(...change), `${index}.node`)
    );
    const { code, signal, stdout, stderr } = run(fixture, files, { ...options, timeout });
    assertEquals({ code, signal }, { code: 0, signal: null }, stderr);
    return JSON.parse(stdout);
  });
}

const FAST: Verdict = { fast: true, wrong: [] };
const PLAIN: Verdict = { fast: false, wrong: [] };

/** What the addon takes of V8, by the dynamic symbols' names. */
const SYMBOLS = Array.from(
  readFileSync(join(ROOT, "shim/node_host.h"), "utf8").matchAll(/"(_ZN[^"]+)"(?:\s*"([^"]+)")?/g),
  ([, name = "", rest = ""]) => name + rest,
);

/** As if this V8 were laid out as the other one: a CTypeInfo has a byte more, or less. */
const otherVersion = VERSIONS[nodeMajor === 26 ? 24 : 26] ?? "";

/** All of them are loaded into one process. */
const VARIANTS: readonly { readonly of: string; readonly changes: Changes; expected: Verdict }[] = [
  { of: "the addon as it is", changes: [], expected: FAST },
  {
    of: "V8 of another version",
    changes: [[version, version.replace(/\d\.$/, "x.")]],
    expected: PLAIN,
  },
  { of: "an embedder's own V8", changes: [["-node.", "-nude."]], expected: PLAIN },
  { of: "another one", changes: [["-node.", "-nodf."]], expected: PLAIN },
  {
    of: "calls that are laid out in another way",
    changes: [[version, "nothing.."], [otherVersion, version]],
    expected: PLAIN,
  },
  ...SYMBOLS.map((name) => ({
    of: `no ${name}`,
    changes: [[name, name.replace(/..$/, "zz")]] as const,
    // V8 12.4 has none.
    expected: nodeMajor < 24 && name.includes("GetContents") ? FAST : PLAIN,
  })),
];

test("the addon's calls are fast where V8 is exactly known, by Node-API elsewhere, and right", {
  skip: onlyNode,
  timeout,
}, () => {
  assertEquals(SYMBOLS.length, 17);
  const found = verdicts(VARIANTS.map(({ changes }) => changes));
  assertEquals(
    VARIANTS.map(({ of }, index) => [of, found[index]]),
    VARIANTS.map(({ of, expected }) => [of, expected]),
  );
});

/** The fast calls of Node 24 are those of Node 26, in another layout, which the test above is for. */
const skipTwin = onlyNode ||
  !full && nodeMajor === 24 && "in the full tier; in Node 22 and 26 always";
const skipFlags = onlyNode || !full && nodeMajor !== 26 && "in the full tier; in Node 26 always";

const FLAGS: readonly (readonly string[])[] = [
  ["--no-turbo-fast-api-calls"],
  ["--single-threaded"],
  ["--stress-compaction", "--gc-interval=500"],
  ["--no-lazy-feedback-allocation"],
];

for (const flags of FLAGS) {
  test(`the addon's answers are right under ${flags.join(" ")}`, {
    skip: skipFlags,
    timeout,
  }, () => assertEquals(verdicts([[]], { node: flags }), [FAST]));
}

test("the addon's answers are right under --jitless", { skip: skipFlags, timeout }, () => {
  // Node takes the types out by WebAssembly, which is off then.
  inDirectory((directory) => {
    const bundle = join(directory, "bundle.mjs");
    const esbuild = join(ROOT, "node_modules/.bin/esbuild");
    const words = ["--bundle", "--platform=node", "--format=esm", `--outfile=${bundle}`, FIXTURE];
    const { status, stderr } = spawnSync(esbuild, words, { encoding: "utf8" });
    assertEquals(status, 0, stderr);
    assertEquals(verdicts([[]], { node: ["--jitless"] }, bundle), [FAST]);
  });
});

test("the addon's answers are right under a profiler", { skip: skipFlags, timeout }, () => {
  inDirectory((directory) => {
    const node = ["--cpu-prof", `--cpu-prof-dir=${directory}`, "--cpu-prof-interval=100"];
    assertEquals(verdicts([[]], { node }), [FAST]);
  });
});

test("the addon's functions take any arguments and receivers", { skip: skipTwin, timeout }, () => {
  const { code, signal, stdout, stderr } = run("tests/fixtures/addon_odd_calls.ts");
  assertEquals({ code, signal, stdout, stderr }, {
    code: 0,
    signal: null,
    stdout: "as expected\n",
    stderr: "",
  });
});

test("the addon serves whoever has Node-API, without V8", {
  skip: nodeMajor !== 26 ? "run once, by Node 26" : skipWithoutGcc,
  timeout,
}, () => {
  inDirectory((directory) => {
    const host = nativeProgram("addon_host", ["-rdynamic", "-ldl", "-lm"]);
    const { stdout, stderr } = spawnSync(host, [writeAddon(directory)], { encoding: "utf8" });
    const functions = Object.keys(SHIM_ALL).length + 1;
    assertEquals([stdout, stderr], [`${functions} functions\nfast calls: none\n`, ""]);
  });
});

const skipWithoutClang = skipTwin || skipUnless(
  spawnSync("clang-19", ["--version"]).status === 0 &&
    spawnSync("ld.lld-19", ["--version"]).status === 0,
  "clang-19 and lld-19 are not installed",
  "REQUIRE_CLANG",
);

test("V8 makes no slow call any more where it has optimized the caller", {
  skip: skipWithoutClang,
  timeout,
}, () => {
  inDirectory((directory) => {
    const counting = join(directory, "counting.node");
    const { bytes } = compileShim(detectPlatform().arch, "addon", ["COUNT_SLOW_CALLS"]);
    writeFileSync(counting, bytes);
    const result = run("tests/fixtures/addon_slow_calls.ts", [counting], { timeout });
    assertEquals({ ...result, stdout: "" }, { code: 0, signal: null, stdout: "", stderr: "" });
    const slow = JSON.parse(result.stdout) as Record<string, number>;
    assertEquals(Object.keys(slow).length, 13);
    for (const [name, inThousand] of Object.entries(slow)) {
      assertLess(inThousand, 20, `${name}: slow calls of 1000`);
    }
  });
});

test(
  "clocks make no garbage where V8 has optimized the caller",
  { skip: skipTwin, timeout },
  () => {
    const node = ["--min-semi-space-size=64", "--max-semi-space-size=64"];
    // Code whose coverage is measured is optimized less.
    const env = { NODE_V8_COVERAGE: "" };
    const { stdout, stderr } = run("tests/fixtures/addon_garbage.ts", [], { node, timeout, env });
    assertEquals(stderr, "");
    const bytes = JSON.parse(stdout) as Record<string, number>;
    assertEquals(Object.keys(bytes).length, 8);
    for (const [name, perCall] of Object.entries(bytes)) {
      assertLess(perCall, 1, `${name}(): bytes of garbage a call`);
    }
  },
);

// ---- Cells ----

test("contexts beyond the last cell have right clocks, and cells come back", {
  skip: onlyNode || nodeMajor >= 24 && "V8 12.4 alone needs cells",
  timeout,
}, () => {
  const options = { node: ["--expose-gc"], timeout };
  const result = run("tests/fixtures/addon_cells.ts", [], options);
  assertEquals({ ...result, stdout: "" }, { code: 0, signal: null, stdout: "", stderr: "" });
  const { cells, without, collected, afterWorkers } = JSON.parse(result.stdout);
  // This process and its contexts have them all, and no two the same.
  assertEquals(cells, 512);
  assertEquals(without, { cells: 0, wrong: [] });
  assert(collected > 400, `${collected} cells came back from what was collected`);
  assert(afterWorkers > 400, `${afterWorkers} cells came back from Workers that ended`);
});

// ---- Node's own headers ----

/** What the test's source compiles to: the names of the functions that shim/node.c declares. */
function namesByHeaders(include: string): string[] {
  return inDirectory((directory) => {
    const object = join(directory, "node_abi.o");
    const source = join(ROOT, "tests/native/node_abi.cc");
    const words = ["-std=c++20", "-fno-access-control", "-O0", "-c", `-I${include}`];
    const { status, stderr } = spawnSync("g++", [...words, "-o", object, source], {
      encoding: "utf8",
    });
    assertEquals(status, 0, stderr);
    const { stdout } = spawnSync("nm", ["--undefined-only", object], { encoding: "utf8" });
    return Array.from(stdout.matchAll(/ U (_ZN\S+)/g), ([, name = ""]) => name);
  });
}

for (const major of full ? [22, 24, 26] : [26]) {
  const installed = join(ROOT, `node_modules/node${major}-${process.arch}`);

  test(`what shim/node_host.h declares is what the headers of Node ${major} say`, {
    skip: nodeMajor !== 26 ? "run once, by Node 26" : skipUnless(
      spawnSync("g++", ["--version"]).status === 0 && spawnSync("nm", ["--version"]).status === 0,
      "g++ and nm (Debian: g++, binutils) are not installed",
      "REQUIRE_GXX",
    ),
    timeout,
  }, () => {
    const names = namesByHeaders(join(installed, "include/node"));
    // The header of these Node does not ship.
    const ofHeaders = SYMBOLS.filter((name) =>
      !name.includes("CFunctionInfo") && (major > 22 || !name.includes("GetContents"))
    );
    assertEquals(ofHeaders.filter((name) => !names.includes(name)), []);
  });

  test(`Node ${major} exports all that shim/node.c takes of it`, {
    skip: nodeMajor !== 26 ? "run once, by Node 26" : skipUnless(
      spawnSync("readelf", ["--version"]).status === 0 &&
        spawnSync("nm", ["--version"]).status === 0,
      "readelf and nm (Debian: binutils) are not installed",
      "REQUIRE_READELF",
    ),
    timeout,
  }, () => {
    const output = (command: string, words: readonly string[]) =>
      spawnSync(command, words, { encoding: "utf8", maxBuffer: 1 << 28 }).stdout;
    inDirectory((directory) => {
      // The addon has no sections, without which nm(1) finds nothing; readelf(1) takes seconds for Node.
      const rows = output("readelf", ["-W", "-D", "-s", writeAddon(directory)]);
      const wanted = Array.from(rows.matchAll(/^ +\d+: .* UND ([^\s@]+)/gm), ([, name]) => name);
      const lines = output("nm", ["-D", "--defined-only", join(installed, "bin/node")]);
      const exported = new Set(
        Array.from(lines.matchAll(/ \w ([^\s@]+)\S*$/gm), ([, name]) => name),
      );
      assertEquals(wanted.filter((name) => SYMBOLS.includes(name ?? "")).length, SYMBOLS.length);
      const missing = wanted.filter((name) => !exported.has(name));
      const expected = major === 22 ? [SYMBOLS.find((name) => name.includes("GetContents"))] : [];
      assertEquals(missing.filter((name) => name !== "getauxval"), expected);
    });
  });
}
