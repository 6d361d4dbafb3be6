import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../scripts/runtimes.ts";
import { directory, output, project, runtimeBin, tool } from "./support.ts";

const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false, // the package's own declarations are checked as well
  noEmit: true,
  target: "es2024",
};
const RESOLUTIONS = {
  bundler: { module: "esnext", moduleResolution: "bundler" },
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
};
const SURROUNDINGS = {
  "no types but the language's": { lib: ["es2024"], types: [] },
  "Node's types": {
    lib: ["es2024"],
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules/@types")],
  },
  "a browser's types": { lib: ["es2024", "dom"], types: [] },
};

for (const [resolution, modules] of Object.entries(RESOLUTIONS)) {
  for (const [index, [name, types]] of Object.entries(SURROUNDINGS).entries()) {
    test(`strict TypeScript takes the package with ${resolution} and ${name}`, {
      timeout: 60_000,
    }, () => {
      const cwd = join(directory, `types-${resolution}-${index}`);
      typeScriptProject(cwd, { ...STRICT, ...modules, ...types });
      // .cts is CommonJS: import becomes require() of an ECMAScript module.
      for (const extension of resolution === "nodenext" ? ["mts", "cts"] : ["ts"]) {
        copyFileSync(join(project("plain"), "types.ts"), join(cwd, `main.${extension}`));
      }
      if (index > 0) {
        const url =
          'import { bind } from "@x/vdso";\nbind({ shim: new URL("file:///shim.so") });\n';
        writeFileSync(join(cwd, "url.mts"), url);
      }
      writeFileSync(join(cwd, "command.mts"), 'import "@x/vdso/cli";\nexport {};\n');
      assertEquals(output(cwd, [tool("tsc"), "--project", "."]), "");
    });
  }
}

test("strict TypeScript rejects what the package has not", { timeout: 60_000 }, () => {
  const cwd = join(directory, "types-wrong");
  typeScriptProject(cwd, { ...STRICT, ...RESOLUTIONS.nodenext, lib: ["es2024"], types: [] });
  writeFileSync(join(cwd, "main.mts"), 'import { when } from "@x/vdso";\nexport { when };\n');
  const { status, stdout } = spawnSync(tool("tsc"), ["--project", "."], { cwd, encoding: "utf8" });
  assertEquals(status === 0, false);
  assertStringIncludes(stdout, "has no exported member 'when'");
});

test("deno check takes the package", { timeout: 60_000 }, () => {
  output(project("plain"), [runtimeBin("deno"), "check", "--quiet", "types.ts"]);
});

function typeScriptProject(cwd: string, compilerOptions: object): void {
  mkdirSync(cwd);
  symlinkSync(join(project("plain"), "node_modules"), join(cwd, "node_modules"));
  writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions }));
}
