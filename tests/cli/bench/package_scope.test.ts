// both tiers: node26 (the files run in every runtime, whatever runs the test)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isCommonJsScope, packageScope } from "../../../cli/bench/package_scope.ts";
import { full, ROOT } from "../../support.ts";
import { inDirectory } from "../directory.ts";
import { COMMON_JS, makeFiles, makeProject, measured, runIn, TYPELESS } from "./project.ts";

const TIMEOUT = { timeout: 120_000 };
const EVERY = ["deno", "bun", "node22", ...(full ? ["node26"] : [])];

test("packageScope() is the nearest package.json", () => {
  inDirectory((directory) => {
    makeFiles(directory, {
      "package.json": COMMON_JS,
      "a/package.json": TYPELESS,
      "a/b/x.ts": "",
      "c/x.ts": "",
      "broken/package.json": "{",
    });
    const scope = (file: string) => packageScope(join(directory, file));
    const inA = { path: join(directory, "a/package.json"), type: undefined };
    assertEquals([scope("a/b/x.ts"), scope("a/x.ts")], [inA, inA]);
    assertEquals(scope("c/x.ts"), { path: join(directory, "package.json"), type: "commonjs" });
    assertEquals(scope("broken/x.ts")?.type, undefined);
    const names = ["c/x.ts", "c/x.js", "c/x.mts", "c/x.cjs", "a/x.ts"];
    assertEquals(names.filter((name) => isCommonJsScope(join(directory, name))), names.slice(0, 2));
  });
});

/** The file of benchmarks that README.md shows, word for word. */
function readmeBenchmark(): [name: string, text: string] {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, text = "", name = ""] = /^```ts\n(\/\/ (\w+\.ts)\n[^]*?)^```/m.exec(readme) ?? [];
  return [name, text];
}

test(
  "the README's benchmark runs in every runtime, whatever npm init has written",
  TIMEOUT,
  async () => {
    const [name, text] = readmeBenchmark();
    assertMatch(text, /^import .* from "@x\/vdso\/bench";$/m);
    const quick = full ? text : text.replace(", {", ", { warmup: 5,");
    assert(full || quick !== text);
    const untyped = quick.replaceAll(/: \w+(?=\))/g, "");
    await inDirectory(async (directory) => {
      makeProject(directory, {
        [`old/${name}`]: quick,
        "old/package.json": TYPELESS,
        [`new/${name}`]: quick,
        "new/benchmark.js": untyped,
        "new/package.json": COMMON_JS,
      });
      for (const file of [`old/${name}`, `new/${name}`, "new/benchmark.js"]) {
        // Without a type, Node 22 alone may take it for what it is not.
        for (const runtime of !full && file.startsWith("old/") ? ["node22"] : EVERY) {
          const outcome = await runIn(runtime, join(directory, file));
          const { failure, printed: { lines } } = outcome;
          assertEquals(
            [runtime, file, measured(outcome), failure, lines],
            [runtime, file, ["JSON parse"], undefined, []],
          );
        }
      }
    });
  },
);

test("Node goes by the syntax of what a benchmark takes along, too", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    makeProject(directory, {
      "package.json": COMMON_JS,
      "bench.ts": `import { bench } from "@x/vdso/bench";
        import { one } from "./one.ts";
        import two from "./two.js";
        bench(\`\${one as number} \${two.two}\`, () => 1, { warmup: 5 });`,
      "one.ts": "export const one: number = 1;",
      "two.js": "/* import x from 'y'; */ module.exports = { two: `\nimport 2`.length };",
      "required.js": `const { bench } = require("@x/vdso/bench");
        bench(typeof module + require("./two.js").two, () => 1, { warmup: 5 });`,
    });
    for (const runtime of full ? ["node22", "node26"] : ["node22"]) {
      const outcome = await runIn(runtime, join(directory, "bench.ts"));
      assertEquals([outcome.printed.lines, measured(outcome)], [[], ["1 9"]]);
      const required = await runIn(runtime, join(directory, "required.js"));
      assertEquals([required.printed.lines, measured(required)], [[], ["object9"]]);
    }
  });
});
