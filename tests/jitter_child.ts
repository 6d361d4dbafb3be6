/** Starts tests/fixtures/jitter_child.ts in this runtime, and plants gaps into it. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Jitter, JitterOptions } from "../jitter/mod.ts";
import { nativeProgram, skipWithoutGcc } from "./native.ts";
import { command, ROOT, skipUnless } from "./support.ts";

/** Before all that are not meant to be in its way. */
export const IN_REAL_TIME: readonly string[] = ["chrt", "--fifo", "5"];

/** The `skip` option of a test that needs to be before others, and of one that takes the CPU. */
export const skipWithoutRealTime: string | false = skipWithoutGcc || skipUnless(
  spawnSync("chrt", [...IN_REAL_TIME.slice(1), "true"]).status === 0,
  "real-time priorities (chrt of util-linux, by root) cannot be had",
  "REQUIRE_REAL_TIME",
);

/** Takes the CPU; see tests/native/hog.c. */
export function hog(...words: readonly number[]): ReturnType<typeof spawn> {
  return spawn(nativeProgram("hog"), words.map(String), { stdio: ["ignore", "pipe", "inherit"] });
}

/** Everything that a child prints, and its exit status. */
export async function outputOf(
  child: ReturnType<typeof spawn>,
): Promise<{ text: string; code: number | null }> {
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (part: string) => text += part);
  const [code] = await once(child, "close") as [number | null];
  return { text, code };
}

/**
 * Measures in a child, and calls `plant` with its process id when it has begun.
 *
 * @param launcher what starts it
 */
export async function measureInChild(
  options: JitterOptions,
  plant: (pid: number) => void | Promise<void> = () => {},
  launcher: readonly string[] = IN_REAL_TIME,
): Promise<Jitter> {
  const file = join(ROOT, "tests/fixtures/jitter_child.ts");
  const [program = "", ...words] = command(file, [JSON.stringify(options)], { launcher });
  const child = spawn(program, words, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const output = outputOf(child);
  await once(child.stdout, "data");
  await plant(child.pid ?? 0);
  const { text, code } = await output;
  if (code !== 0) throw new Error(`The child ended with status ${code}: ${text}`);
  return JSON.parse(text.slice(text.indexOf("{")));
}
