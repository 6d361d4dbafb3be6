import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { transform } from "esbuild";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { skipUnless } from "../support.ts";
import { installed } from "./support.ts";

const cli = join(installed, "cli.js");

test("vdso begins with a file that Node 12.20 can parse, and that imports nothing", async () => {
  const text = readFileSync(cli, "utf8");
  const written = async (target: string) =>
    (await transform(text, { target, format: "esm", minifyWhitespace: true })).code;
  // Nothing had to be written in another way.
  assertEquals(await written("node12.20"), await written("esnext"));
  assertEquals(/^import\s*["{*\w]/m.test(text), false);
});

/** On PATH: what a newcomer may have. */
const old = (process.env["PATH"] ?? "").split(delimiter).map((place) => join(place, "node"))
  .find((file) => {
    if (!existsSync(file)) return false;
    const { stdout } = spawnSync(file, ["--version"], { encoding: "utf8" });
    return Number(/^v(\d+)/.exec(stdout)?.[1]) < 22;
  });

test("an old Node is told so in one line", {
  skip: skipUnless(old !== undefined, "there is no Node before 22 on PATH", "REQUIRE_OLD_NODE"),
}, () => {
  const node = old ?? "";
  const { stdout: version } = spawnSync(node, ["--version"], { encoding: "utf8" });
  const { status, stdout, stderr } = spawnSync(node, [cli, "now"], { encoding: "utf8" });
  assertEquals([status, stdout], [1, ""]);
  const name = version.trim().replace("v", "Node ");
  assertEquals(stderr, `vdso: ${name} is too old: 22.12 is the oldest that can\n`);
});
