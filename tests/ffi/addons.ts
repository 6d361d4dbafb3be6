/** Where the addon comes from in processes of their own, and what its tests share. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Where } from "../fixtures/addon_where.ts";
import { copySources, inDirectory } from "../fixtures/bundle_project.ts";
import { ROOT, run, type RunOptions, runtime } from "../support.ts";

export const timeout = 60_000;
export const onlyNode = runtime !== "node" && "Node's addons";

/** Binds in a process of its own, from the sources below `root`. */
export function where(options: RunOptions = {}, root = ROOT): Where {
  const before = Number(process.hrtime.bigint());
  const result = run(join(root, "tests/fixtures/addon_where.ts"), [], options);
  assertEquals({ ...result, stdout: "" }, { code: 0, signal: null, stdout: "", stderr: "" });
  const found = JSON.parse(result.stdout) as Where;
  assert(before <= found.now && found.now <= Number(process.hrtime.bigint()));
  return found;
}

/** A copy of the sources, in which the package's file may lie; in a directory of that name. */
export function inCopy(work: (root: string) => void, name = ""): void {
  inDirectory((directory) => {
    const root = join(directory, name);
    mkdirSync(root, { recursive: true });
    copySources(root);
    mkdirSync(join(root, "tests/fixtures"), { recursive: true });
    const fixture = "tests/fixtures/addon_where.ts";
    copyFileSync(join(ROOT, fixture), join(root, fixture));
    work(root);
  });
}

export const NAMELESS = /^\/tmp\/#\d+ \(deleted\)$/;

export function assertLoaded({ ffi, mapped }: Where, path: RegExp | string): void {
  assertEquals([ffi, mapped.length], ["addon", 1], mapped.join(", "));
  if (typeof path === "string") assertEquals(mapped, [path]);
  else assertMatch(mapped[0] ?? "", path);
}
