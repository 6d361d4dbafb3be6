/**
 * The first and the newest release of each line of Node: the addon has to be right in each, and V8's
 * fast calls, which nobody promises, have to be made.
 */
import { assertEquals, assertLess } from "@std/assert";
import { build } from "esbuild";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { detectPlatform } from "../../ffi/runtime.ts";
import { compileShim } from "../../scripts/build/compile_shim.ts";
import { nodeRelease, type Release, RELEASES } from "../../scripts/hostile/node_releases.ts";
import { attempt, once, output, type Place, type Row } from "../../scripts/hostile/place.ts";
import { ROOT } from "../../scripts/runtimes.ts";
import { addonBytes, writeAddon } from "../fixtures/addon_bytes.ts";
import type { Verdict } from "../fixtures/addon_v8.ts";
import { hostExpectation, probeBy } from "./expectation.ts";

export const PLACES: readonly Place[] = RELEASES.map((release): Place => ({
  name: `release-${release.line}-${release.which}`,
  title: `The ${release.which} release of Node ${release.line}`,
  size: "short",
  packages: ["clang-19", "lld-19"],
  run: async () => [await attempt(`Node ${release.line}`, () => visit(release))],
}));

/** Older releases do not read TypeScript. */
const PROGRAMS = {
  probe: "tests/hostile/probe.ts",
  v8: "tests/fixtures/addon_v8.ts",
  slowCalls: "tests/fixtures/addon_slow_calls.ts",
};

/** The programs as one file each, and the addons. Gone when this process ends. */
function prepared(): Promise<string> {
  return once("programs for releases of Node", async () => {
    const directory = mkdtempSync(join(tmpdir(), "vdso-nodes-"));
    process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
    await build({
      absWorkingDir: ROOT,
      entryPoints: PROGRAMS,
      outdir: directory,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node22",
      logLevel: "error",
    });
    writeAddon(directory, addonBytes(), "plain.node");
    const counting = compileShim(detectPlatform().arch, "addon", ["COUNT_SLOW_CALLS"]);
    writeFileSync(join(directory, "counting.node"), counting.bytes);
    return directory;
  });
}

async function visit(release: Release): Promise<Row> {
  const node = await nodeRelease(release);
  const directory = await prepared();
  const program = (name: keyof typeof PROGRAMS) => [node, join(directory, `${name}.mjs`)];
  const row = await probeBy(program("probe"), hostExpectation());
  const text = await output([...program("v8"), join(directory, "plain.node")]);
  const verdicts = JSON.parse(text) as Verdict[];
  assertEquals(verdicts, [{ fast: true, wrong: [] }]);
  const slow = JSON.parse(
    await output([...program("slowCalls"), join(directory, "counting.node")]),
  ) as Record<string, number>;
  for (const [name, inThousand] of Object.entries(slow)) {
    assertLess(inThousand, 20, `${name}: slow calls of 1000`);
  }
  return { ...row, result: `${row.result}; fast calls of ${Object.keys(slow).length} functions` };
}
