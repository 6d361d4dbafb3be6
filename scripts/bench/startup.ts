/**
 * What the library adds to a program's start: the wall time of a program that imports it and calls
 * `now()` once, over an empty program of the same kind. Processes alternate; the result is the
 * median of the paired differences, with warm caches.
 *
 *   npm run bench:startup -- [--runtimes deno,bun,...] [--pairs 41] [--json] [--assert]
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { ROOT, type RuntimeCommand, type RuntimeName } from "../runtimes.ts";
import { checkStartup } from "./checks.ts";
import { chooseRuntimes, count } from "./options.ts";
import { printChecks, printStartup } from "./print.ts";
import { summarize, type Summary } from "./statistics.ts";

/** How the library comes: as one JavaScript file, as a file for each module, as TypeScript. */
export type Form = "bundle" | "files" | "sources";

export interface StartupResult {
  readonly runtime: RuntimeName;
  readonly form: Form;
  readonly pairs: number;
  /** Milliseconds of the empty program. */
  readonly empty: Summary;
  /** Milliseconds that import and first call add. */
  readonly added: Summary;
}

/** The promise is on the median of so many pairs. */
export const PAIRS = 41;
const WARM_UPS = 3;

/** Measures every form in each of `runtimes`. */
export async function measureStartup(
  runtimes: readonly RuntimeCommand[],
  pairs: number,
): Promise<StartupResult[]> {
  const directory = mkdtempSync(join(tmpdir(), "vdso-startup-"));
  try {
    const forms = await programs(directory);
    return runtimes.flatMap((runtime) =>
      forms.map(({ form, empty, program }) => ({
        runtime: runtime.name,
        form,
        ...compare(runtime, directory, empty, program, pairs),
      }))
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Writes each form's pair of programs below `directory`. */
async function programs(
  directory: string,
): Promise<{ form: Form; empty: string; program: string }[]> {
  const write = (file: string, text: string) => writeFileSync(join(directory, file), text);
  write("package.json", JSON.stringify({ type: "module" }));
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(join(ROOT, "node_modules/koffi"), join(directory, "node_modules/koffi"));

  const importAndCall = (module: string) => `import { now } from "${module}";\nnow();\n`;
  const common = { format: "esm", logLevel: "error", target: "es2022" } as const;
  const { metafile } = await build({
    ...common,
    entryPoints: [join(ROOT, "mod.ts")],
    bundle: true,
    outfile: join(directory, "bundle/mod.js"),
    metafile: true,
  });
  const modules = Object.keys(metafile.inputs);
  await build({
    ...common,
    entryPoints: modules,
    outdir: join(directory, "files"),
    outbase: ROOT,
    // Module by module, with nothing changed but the names of the files.
    bundle: true,
    plugins: [{
      name: "keep-modules",
      setup({ onResolve }) {
        onResolve(
          { filter: /^\./ },
          ({ kind, path }) =>
            kind === "entry-point" ? {} : { path: path.replace(/\.ts$/, ".js"), external: true },
        );
      },
    }],
  });
  write("bundle.js", importAndCall("./bundle/mod.js"));
  write("files.js", importAndCall("./files/mod.js"));
  write("sources.ts", importAndCall(join(ROOT, "mod.ts")));
  write("empty.js", "export {};\n");
  write("empty.ts", "export {};\n");
  return [
    { form: "bundle", empty: "empty.js", program: "bundle.js" },
    { form: "files", empty: "empty.js", program: "files.js" },
    { form: "sources", empty: "empty.ts", program: "sources.ts" },
  ];
}

function compare(
  { name, bin }: RuntimeCommand,
  directory: string,
  empty: string,
  program: string,
  pairs: number,
): { pairs: number; empty: Summary; added: Summary } {
  const flags = name === "deno" ? ["run", "--no-check", "--allow-ffi"] : [];
  const time = (file: string) => wallTime(bin, [...flags, file], directory);
  for (let i = 0; i < WARM_UPS; i++) {
    time(empty);
    time(program);
  }
  const empties: number[] = [];
  const differences: number[] = [];
  for (let i = 0; i < pairs; i++) {
    // A B, B A: whatever the machine gets slower or faster by meanwhile cancels out.
    const early = i % 2 ? undefined : time(empty);
    const full = time(program);
    const base = early ?? time(empty);
    empties.push(base);
    differences.push(full - base);
  }
  return { pairs, empty: summarize(empties), added: summarize(differences) };
}

/** Milliseconds from the spawn to the exit of a process. */
function wallTime(bin: string, args: readonly string[], cwd: string): number {
  const { NODE_COMPILE_CACHE: _, ...rest } = process.env;
  // Deno's caches go away with the rest.
  const env = { ...rest, DENO_DIR: join(cwd, "deno"), DENO_NO_UPDATE_CHECK: "1" };
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(bin, args, {
    cwd,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const end = process.hrtime.bigint();
  if (status !== 0 || stderr.length > 0) {
    throw new Error(`${[bin, ...args].join(" ")} failed: ${stderr}`);
  }
  return Number(end - start) / 1e6;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      runtimes: { type: "string" },
      pairs: { type: "string", default: String(PAIRS) },
      json: { type: "boolean", default: false },
      assert: { type: "boolean", default: false },
    },
  });
  const startup = await measureStartup(
    chooseRuntimes(values.runtimes),
    count("pairs", values.pairs),
  );
  const checks = startup.flatMap(checkStartup);
  if (values.json) console.log(JSON.stringify({ startup, checks }, null, 2));
  else {
    printStartup(startup, false);
    printChecks(checks);
  }
  if (values.assert && checks.some(({ holds }) => !holds)) process.exitCode = 1;
}
