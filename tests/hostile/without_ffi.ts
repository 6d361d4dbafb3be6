/**
 * What Node finds where there is no FFI, s390x for one: the runtime's own clocks, and the ELF parser,
 * which needs none. Checked here, and printed as one line of JSON.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { endianness } from "node:os";
import process from "node:process";
import {
  bind,
  clockGettime,
  getcpu,
  getrandom,
  inspect,
  now,
  nowBigInt,
  randomU32,
  realtimeBigInt,
  type Sources,
  sources,
  ticks,
  timestampBigInt,
  UnsupportedError,
} from "../../mod.ts";
import { IMAGES } from "../../shim/images.ts";
import { imageBytes } from "../../shim/load.ts";
import { imageFacts } from "./image_facts.ts";

/** What is printed, behind `WITHOUT_FFI `. */
export interface WithoutFfiReport {
  readonly runtime: string;
  readonly endianness: "BE" | "LE";
  readonly sources: Sources;
  /** What does not hold; empty where all is well. */
  readonly failures: readonly string[];
  readonly checks: number;
  /** The vDSO as it lies in memory, in base64, and what the parser made of it. */
  readonly vdso: string;
  readonly facts: unknown;
  /** Of each shim's bytes. */
  readonly sha256: Readonly<Record<string, string>>;
}

const failures: string[] = [];
let checks = 0;

function check(holds: boolean, what: string): void {
  checks++;
  if (!holds) failures.push(what);
}

let last = now();
for (let i = 0; i < 10_000; i++) {
  const before = process.hrtime.bigint();
  const between = nowBigInt();
  const after = process.hrtime.bigint();
  check(before <= between && between <= after, `nowBigInt: ${before}, ${between}, ${after}`);
  const time = now();
  check(time >= last, `now() went back from ${last} to ${time}`);
  last = time;
}
check(timestampBigInt() < timestampBigInt(), "timestampBigInt() does not increase");
const wall = Number(realtimeBigInt() / 1_000_000n) - Date.now();
check(Math.abs(wall) < 1000, `realtimeBigInt() is ${wall} ms from Date.now()`);
const [one, two] = [new Uint8Array(32), new Uint8Array(32)];
getrandom(one);
getrandom(two);
check(one.join() !== two.join(), "getrandom() gave the same twice");
const words = new Set(Array.from({ length: 1000 }, randomU32));
check(words.size >= 998, `randomU32() gave ${words.size} different numbers in 1000`);
for (const refused of [bind, () => clockGettime(11), getcpu, inspect, ticks]) {
  try {
    refused();
    check(false, `${refused} did not throw`);
  } catch (error) {
    check(error instanceof UnsupportedError, `${refused} threw ${error}`);
  }
}

/** By the kernel's word, not by AT_SYSINFO_EHDR, which takes an FFI. */
function readVdso(): Uint8Array {
  const maps = readFileSync("/proc/self/maps", "utf8");
  const [, start = "", end = ""] = /^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$/m.exec(maps) ?? [];
  const bytes = new Uint8Array(Number(BigInt(`0x${end}`) - BigInt(`0x${start}`)));
  const memory = openSync("/proc/self/mem", "r");
  const length = readSync(memory, bytes, 0, bytes.length, BigInt(`0x${start}`));
  closeSync(memory);
  return bytes.subarray(0, length);
}

const vdso = readVdso();
const report: WithoutFfiReport = {
  runtime: `Node ${process.versions.node}`,
  endianness: endianness(),
  sources: sources(),
  failures: failures.slice(0, 20),
  checks,
  vdso: Buffer.from(vdso).toString("base64"),
  facts: imageFacts(vdso),
  sha256: Object.fromEntries(
    Object.entries(IMAGES).map((
      [cpu, image],
    ) => [cpu, createHash("sha256").update(imageBytes(image, cpu)).digest("hex")]),
  ),
};
console.log(`WITHOUT_FFI ${JSON.stringify(report)}`);
