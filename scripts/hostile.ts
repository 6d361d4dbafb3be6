/**
 * `npm run test:hostile`: the real library in real runtimes in the places where it may fail. Gets
 * what it needs by itself, and keeps it below node_modules/.cache/hostile.
 *
 *   node scripts/setup.mjs scripts/hostile.ts [--full] [--only NAME,...] [--list] [--write]
 *
 * --full    all places, and the long runs; writes docs/reach.md
 * --only    the places whose names start with one of these
 * --list    their names
 * --write   writes docs/reach.md: what was run replaces what was written of it before
 *
 * A place that cannot be had is told, and no failure unless REQUIRE_HOSTILE=1.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { PLACES as BYTES } from "../tests/hostile/bytes.ts";
import { PLACES as IMAGES } from "../tests/hostile/images.ts";
import { PLACES as MACHINES } from "../tests/hostile/machines.ts";
import { install } from "./hostile/debian.ts";
import { type Place, reason, type Row, Unreachable } from "./hostile/place.ts";
import { printRows, writeReach } from "./hostile/reach.ts";

const { values: { full, only, list, write } } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    only: { type: "string" },
    list: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const size = full ? "full" : "short";
const prefixes = only?.split(",");
// The images first: what breaks them takes those that are there.
const groups = [IMAGES, [...MACHINES, ...BYTES]].map((places) =>
  places.filter((place) =>
    prefixes
      ? prefixes.some((prefix) => place.name.startsWith(prefix))
      : full || place.size === "short"
  )
);
const places = groups.flat();
if (list) {
  for (const { name, size } of places) console.log(`${name} (${size})`);
} else if (places.length === 0) {
  throw new Error(`No place has a name that starts with ${only}`);
} else {
  await visitAll();
}

async function visitAll(): Promise<void> {
  const start = Date.now();
  await install([...new Set(places.flatMap(({ packages }) => packages))]).catch(report);
  const rows: Row[] = [];
  for (const group of groups) {
    const queue = [...group];
    // A virtual machine, or a runtime at work, takes a core.
    await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
      for (let place = queue.shift(); place; place = queue.shift()) {
        rows.push(...await visit(place));
      }
    }));
  }
  rows.sort((a, b) => a.place.localeCompare(b.place));
  console.log(printRows(rows));
  if (full || write) writeReach(rows, { keep: !full || prefixes !== undefined });
  const failed = rows.filter((row) => row.failed).length;
  const seconds = ((Date.now() - start) / 1000).toFixed(0);
  console.log(`${places.length} places, ${rows.length} rows, ${failed} failed, in ${seconds} s`);
  if (failed > 0) process.exitCode = 1;
}

async function visit(place: Place): Promise<readonly Row[]> {
  const start = Date.now();
  let rows: readonly Row[];
  try {
    rows = await place.run(size);
  } catch (error) {
    rows = [explain(place, error)];
  }
  const failed = rows.filter((row) => row.failed);
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${failed.length > 0 ? "FAILED" : "ok"}  ${place.name}  ${seconds} s`);
  for (const { runtime, result } of failed) console.log(`  ${runtime}: ${result}`);
  return rows;
}

/** What went wrong, as a row of its own. */
function explain({ name }: Place, error: unknown): Row {
  const skipped = error instanceof Unreachable && !process.env.REQUIRE_HOSTILE;
  const result = skipped ? `skipped: ${reason(error)}` : `FAILED: ${reason(error)}`;
  return { place: name, runtime: "", entries: "", cost: "", result, failed: !skipped };
}

/** Packages that cannot be installed: the places that need them will fail, each for itself. */
function report(error: unknown): void {
  console.error(reason(error));
}
