/** How long each unit took in the last runs. Nothing depends on it but the order. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { ROOT } from "../runtimes.ts";
import type { Durations, Tier } from "./plan.ts";

const path = (tier: Tier) => join(ROOT, `node_modules/.cache/test/${tier}.json`);

/** Empty where nothing is known. */
export function readDurations(tier: Tier): Durations {
  try {
    return JSON.parse(readFileSync(path(tier), "utf8")) as Durations;
  } catch {
    return {};
  }
}

/** Adds to what is known. Of two runs that end at once, one may be lost, and no file is cut off. */
export function keepDurations(tier: Tier, durations: Durations): void {
  const file = path(tier);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, JSON.stringify({ ...readDurations(tier), ...durations }));
  renameSync(`${file}.${process.pid}`, file);
}
