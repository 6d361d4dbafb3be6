/** The shim as an addon of Node: its functions, and what forbids it. */
// npm test: node26 (it is Node's)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { type Addon, addonFfi, fastCalls } from "../../ffi/addon.ts";
import { SHIM_ALL } from "../../shim/signatures.ts";
import { addonBytes, doubleText, ownAddon, writeAddon } from "../fixtures/addon_bytes.ts";
import { inDirectory } from "../fixtures/bundle_project.ts";
import { doSteps, returned, thrown, writeShim } from "../fixtures/env_run.ts";
import { nodeMajor, ROOT, run } from "../support.ts";
import { assertLoaded, inCopy, NAMELESS, onlyNode, timeout, where } from "./addons.ts";

// ---- The fast calls: taken, or not. ----

const PLAIN_V8 = { v8_enable_pointer_compression: 0, v8_enable_sandbox: 0 };

/** An addon whose clock stands still at 5. */
function addonWith(fast: ReturnType<Addon["fast"]>): Addon {
  return { vdso_now: () => 5, fast: () => fast } as unknown as Addon;
}

test("fastCalls() takes them where V8 is built as Node builds it, and no others", () => {
  const fast = { vdso_now: () => 5 };
  assertEquals(Object.keys(fastCalls(addonWith(fast), PLAIN_V8)), ["vdso_now"]);
  for (
    const variables of [
      undefined,
      {},
      { ...PLAIN_V8, v8_enable_pointer_compression: 1 },
      { ...PLAIN_V8, v8_enable_sandbox: true },
      { v8_enable_sandbox: 0 },
    ]
  ) assertEquals(fastCalls(addonWith(fast), variables), {});
  assertEquals(fastCalls(addonWith(undefined), PLAIN_V8), {});
});

test("fastCalls() takes none where the clock does not answer as by Node-API", () => {
  for (const now of [4, 6, NaN, undefined, "5"]) {
    assertEquals(fastCalls(addonWith({ vdso_now: () => now }), PLAIN_V8), {});
  }
});

test("fastCalls() reads from the cell what the calls leave there", () => {
  const cell = new Float64Array(1);
  const calls: unknown[] = [];
  const at = (name: string) => (...args: unknown[]) => {
    calls.push([name, ...args]);
    cell[0] = 5;
  };
  const names = [
    "vdso_build_id",
    "vdso_now",
    "vdso_clock",
    "vdso_gettimeofday",
    "vdso_time",
    "vdso_getcpu",
    "vdso_ticks",
    "vdso_random_u32",
    "vdso_random_f64",
  ];
  const fast = Object.fromEntries(names.map((name) => [name, at(name)]));
  const functions = fastCalls(addonWith({ ...fast, cell, cell_index: 7 }), PLAIN_V8) as Record<
    string,
    (...args: number[]) => number
  >;
  calls.length = 0;
  for (const name of names) {
    cell[0] = NaN;
    assertEquals(functions[name]?.(3), 5, name);
  }
  const oneArgument = ["vdso_clock", "vdso_random_u32", "vdso_random_f64"];
  assertEquals(calls, names.map((name) => [name, 7, ...(oneArgument.includes(name) ? [3] : [])]));
});

test("fastCalls() reads from no cell that is inherited", () => {
  const polluted = Object.prototype as { cell?: Float64Array };
  polluted.cell = new Float64Array(1);
  try {
    const functions = fastCalls(addonWith({ vdso_now: () => 5 }), PLAIN_V8);
    assertEquals((functions["vdso_now"] as () => number)(), 5);
  } finally {
    delete polluted.cell;
  }
});

// ---- Its functions, all of them. ----

test("the addon has every function of the shim", { skip: onlyNode }, () => {
  const functions = addonFfi(ownAddon()).open("", SHIM_ALL);
  for (const name of Object.keys(SHIM_ALL) as (keyof typeof SHIM_ALL)[]) {
    assertEquals(typeof functions[name], "function", name);
  }
});

test("bind({ shim }) takes an addon's file, too, and refuses another build's", {
  skip: onlyNode,
  timeout,
}, () => {
  inDirectory((directory) => {
    const shim = writeAddon(directory);
    const other = addonBytes([doubleText(ownAddon().buildId), doubleText(0xbadc0ffee)]);
    const stranger = writeAddon(directory, other, "other.node");
    const [bound, sources, time] = doSteps([`bind {"shim": "${shim}"}`, "sources", "now"]);
    assertEquals(returned(bound), undefined);
    assertEquals(returned(sources).ffi, "addon");
    assert(returned(time) > 0);
    const library = writeShim(directory);
    const refusals = [
      [stranger, /^Expected the addon \w+, dlopen\(3\) gave badc0ffee$/],
      [library, /shim\.so is no addon, as the npm package's shim_CPU\.node is$/],
    ] as const;
    for (const [file, message] of refusals) {
      const [refused] = doSteps([`bind {"shim": "${file}", "ffi": "addon"}`]);
      assertEquals(thrown(refused).name, "UnsupportedError");
      assertMatch(thrown(refused).message, message);
    }
  });
});

// ---- What forbids it. ----

const PERMISSION = ["--permission", "--allow-fs-read=*", "--disable-warning=SecurityWarning"];

test("the addon is loaded when Node is permitted addons, and a file for it", {
  skip: onlyNode,
  timeout,
}, () => {
  const node = [...PERMISSION, "--allow-addons"];
  assertLoaded(where({ node: [...node, "--allow-fs-write=/tmp"] }), NAMELESS);
  inCopy((root) => {
    const file = writeAddon(join(root, "shim"));
    assertLoaded(where({ node }, root), file);
  });
});

test("another way is taken when Node is not permitted addons", { skip: onlyNode, timeout }, () => {
  const ways = [["--no-addons"], [...PERMISSION, ...(nodeMajor >= 26 ? ["--allow-ffi"] : [])]];
  for (const node of ways) {
    const { ffi, reason } = where({ node });
    assertEquals(ffi, nodeMajor >= 26 ? "node" : "none");
    if (ffi === "none") assertMatch(reason ?? "", /addons is disabled/);
  }
});

test(
  "bind() says why there is no addon when that alone is wanted",
  { skip: onlyNode, timeout },
  () => {
    const code = 'try { bind({ ffi: "addon" }) } catch (e) { console.log(e.name, e.cause.code) }';
    const program = `import { bind } from ${JSON.stringify(join(ROOT, "mod.ts"))}; ${code}`;
    const { stdout } = run("-e", [], {
      node: ["--no-addons", "--input-type=module", "-e", program],
    });
    assertEquals(stdout, "UnsupportedError ERR_DLOPEN_DISABLED\n");
  },
);

test("now() answers from the runtime's clock in a snapshot, and says so", {
  skip: onlyNode || nodeMajor < 24 && "Node 22 builds no snapshot that has an error in it",
  timeout,
}, () => {
  inDirectory((cwd) => {
    const entry = join(cwd, "entry.ts");
    writeFileSync(
      entry,
      `import { now, sources } from ${JSON.stringify(join(ROOT, "mod.ts"))};
      const before = now();
      const { setDeserializeMainFunction } = process.getBuiltinModule("node:v8").startupSnapshot;
      setDeserializeMainFunction(() => {
        const { ffi, reason } = sources();
        console.log(JSON.stringify({ ffi, reason, grows: now() >= before }));
      });`,
    );
    const bundle = join(cwd, "bundle.cjs");
    const esbuild = [join(ROOT, "node_modules/.bin/esbuild"), "--bundle", "--platform=node"];
    const execute = (program: string, ...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
      assertEquals(status, 0, stderr);
      return stdout;
    };
    const [program = "", ...words] = esbuild;
    execute(program, ...words, "--format=cjs", "--log-level=error", `--outfile=${bundle}`, entry);
    for (const option of ["--build-snapshot", "--build_snapshot"]) {
      execute(process.execPath, "--snapshot-blob", "blob", option, bundle);
      const said = JSON.parse(execute(process.execPath, "--snapshot-blob", "blob", "main.js"));
      assertEquals(said, {
        ffi: "none",
        reason: "Node can keep no native function in a snapshot",
        grows: true,
      });
    }
  });
});
