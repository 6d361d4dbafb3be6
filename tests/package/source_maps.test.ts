/** The source maps of the package: where its code comes from. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { SourceMapPayload } from "node:module";
import * as module from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../scripts/runtimes.ts";
import { installed, project, runtimeBin } from "./support.ts";

/** The command, and code that was made for the package. */
const WITHOUT = /^((chunks\/)?cli[_.].*|chunks\/(core_internals|\w+_later)\.js)$/;

const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
const maps = files.filter((file) => file.endsWith(".map")).sort();
const read = (file: string) => readFileSync(join(installed, file), "utf8");
const payload = (file: string) => JSON.parse(read(file)) as SourceMapPayload;

const isPackage = (path: string) => path.includes("node_modules/");

test("every file that a program imports has its map, and names it", () => {
  const scripts = files.filter((file) => file.endsWith(".js") && !WITHOUT.test(file));
  assertEquals(maps, scripts.map((file) => `${file}.map`).sort());
  for (const file of scripts) {
    assert(read(file).endsWith(`\n//# sourceMappingURL=${file.replace(/.*\//, "")}.map`), file);
  }
});

test("maps contain the sources, but for the images' bytes", () => {
  for (const file of maps) {
    const { sources, sourcesContent } = payload(file);
    assertEquals(sources.length, sourcesContent.length);
    sources.forEach((source, i) => {
      const path = join(ROOT, file, "..", source);
      if (isPackage(path)) return assertEquals(sourcesContent[i]?.split(":")[0], "// Of a package");
      assert(path.startsWith(`${ROOT}/`), `${file}: ${source}`);
      const text = readFileSync(path, "utf8").replaceAll(/"[\w+/=]{1000,}"/g, '"..."');
      assertEquals(sourcesContent[i], text);
    });
  }
});

test("each function is found where it is declared", () => {
  let found = 0;
  for (const file of maps) {
    const map = payload(file);
    const entries = new module.SourceMap(map);
    read(file.replace(/\.map$/, "")).split("\n").forEach((text, line) => {
      for (const { 1: name = "", index } of text.matchAll(/\bfunction\*? (\w+)\(/g)) {
        const entry = entries.findEntry(line, index);
        if (!("originalSource" in entry)) throw new Error(`${file}:${line}:${index} is nowhere`);
        if (isPackage(entry.originalSource)) continue;
        const source = map.sourcesContent[map.sources.indexOf(entry.originalSource)] ?? "";
        // esbuild gives a number to what there would be twice.
        const declared = source.split("\n")[entry.originalLine] ?? "";
        assertStringIncludes(declared, name.replace(/\d+$/, ""), `${file}:${line}:${index}`);
        found++;
      }
    });
  }
  assert(found > 400, `${found} functions`);
});

test("Node shows the TypeScript of a frame when it is told to", { timeout: 60_000 }, () => {
  const cwd = project("plain");
  writeFileSync(
    join(cwd, "maps.mjs"),
    'import { now, clockGetres } from "@x/vdso";\nclockGetres(now);',
  );
  const { stderr } = spawnSync(runtimeBin("node26"), ["--enable-source-maps", "maps.mjs"], {
    cwd,
    encoding: "utf8",
  });
  assertStringIncludes(stderr, "/@x/vdso/core/clock.ts:");
});
