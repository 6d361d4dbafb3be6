// both tiers: node26 (it is the same, whatever runs the test)
import { assertEquals, assertMatch } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT, RUNTIMES } from "../../scripts/runtimes.ts";
import { full } from "../support.ts";
import { inDirectory } from "./directory.ts";

const options = { timeout: 60_000 };

const bin = (name: string) => RUNTIMES.find((runtime) => runtime.name === name)?.bin ?? name;

/** A project with the command, as npm installs it, of our sources. */
function install(directory: string): void {
  const place = join(directory, "node_modules/@x/vdso");
  mkdirSync(place, { recursive: true });
  const manifest = { name: "@x/vdso", version: "1.0.0", type: "module", bin: { vdso: "cli.js" } };
  writeFileSync(join(place, "package.json"), JSON.stringify(manifest));
  const file = join(place, "cli.js");
  writeFileSync(file, `#!/usr/bin/env node\nimport ${JSON.stringify(join(ROOT, "cli.ts"))};\n`);
  chmodSync(file, 0o755);
  mkdirSync(join(directory, "node_modules/.bin"));
  symlinkSync("../@x/vdso/cli.js", join(directory, "node_modules/.bin/vdso"));
  writeFileSync(join(directory, "package.json"), "{}");
}

/** `#!/usr/bin/env node` finds a Node for which the sources are. */
const env = {
  ...process.env,
  npm_execpath: "/usr/bin/npm", // as below `npm run`: bunx leaves it
  NO_COLOR: "1",
  PATH: [dirname(bin("node26")), process.env["PATH"]].join(delimiter),
};

function bunx(directory: string, words: readonly string[]) {
  return spawnSync(bin("bun"), ["x", "--no-install", ...words], {
    cwd: directory,
    encoding: "utf8",
    env,
  });
}

test("bunx runs vdso in Bun, with its words, its output and its exit status", options, () => {
  inDirectory((directory) => {
    install(directory);
    for (const name of full ? ["vdso", "@x/vdso"] : ["vdso"]) {
      const { status, stdout, stderr } = bunx(directory, [name, "sources", "--json"]);
      assertEquals([status, stderr], [0, ""]);
      assertEquals((JSON.parse(stdout) as { ffi: string }).ffi, "bun");
    }
    const wrong = bunx(directory, ["@x/vdso", "now", "--clock", "sundial"]);
    assertEquals([wrong.status, wrong.stdout], [2, ""]);
    assertMatch(wrong.stderr, /^vdso: .*sundial/);
  });
});

test("vdso runs in Node where that was asked for, below bunx, too", options, () => {
  inDirectory((directory) => {
    install(directory);
    // What bunx starts passes its variables on to what that starts.
    const inherited = { npm_lifecycle_event: "bunx", npm_execpath: bin("bun") };
    const words = [bin("node26"), "node_modules/.bin/vdso", "sources", "--json"];
    const program = `process.stdout.write(Bun.spawnSync(${JSON.stringify(words)}).stdout)`;
    const places = [words, [bin("bun"), "-e", program]]; // this runtime starts it, and one in Bun
    for (const [started = "", ...args] of places) {
      const { stdout, stderr } = spawnSync(started, args, {
        cwd: directory,
        encoding: "utf8",
        env: { ...env, ...inherited },
      });
      assertEquals(stderr, "");
      assertEquals((JSON.parse(stdout) as { ffi: string }).ffi, "addon"); // which Node alone takes
    }
  });
});

/** The process that a process has started, once it has. */
async function onlyChild(pid: number): Promise<number> {
  for (let i = 0; i < 500; i++) {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" "); // proc(5)
    if (child) return Number(child);
    await sleep(20);
  }
  throw new Error(`${pid} has started nothing`);
}

test("the Bun that vdso runs in ends with the Node that bunx has started", options, async () => {
  await inDirectory(async (directory) => {
    install(directory);
    const words = ["x", "--no-install", "vdso", "verify", "--duration", "50"];
    const parent = spawn(bin("bun"), words, { cwd: directory, env, stdio: "ignore" });
    const node = await onlyChild(parent.pid ?? 0);
    const bun = await onlyChild(node);
    await sleep(200); // until its handlers are there
    process.kill(node, "SIGTERM"); // bunx passes no signal on
    assertEquals(await once(parent, "close"), [null, "SIGTERM"]);
    let isThere = true;
    try {
      process.kill(bun, 0);
    } catch {
      isThere = false;
    }
    assertEquals(isThere, false);
  });
});
