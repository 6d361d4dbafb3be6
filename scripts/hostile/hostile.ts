/**
 * `npm run test:hostile`: the real library in real runtimes in the places where it may fail. Gets
 * what it needs by itself, and keeps it below .cache/hostile.
 *
 *   npm run test:hostile -- [--full] [--only NAME,...] [--list] [--write]
 *
 * --full    all places, and the long runs; writes docs/reach.md
 * --only    the places whose names start with one of these, of either size
 * --list    tells the places, and visits none
 * --write   writes docs/reach.md: what was run replaces what was written of it before
 *
 * A place that cannot be had is told, and no failure unless REQUIRE_HOSTILE is set. The last line
 * counts rows: `N passed, N failed, N skipped`.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { PLACES } from "../../tests/hostile/places.ts";
import { install } from "./debian.ts";
import { lost, type Place, reason, type Row } from "./place.ts";
import { printRows, writeReach } from "./reach.ts";

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
const places = PLACES.filter((place) =>
  prefixes
    ? prefixes.some((prefix) => place.name.startsWith(prefix))
    : full || list || place.size === "short"
);
if (list) {
  for (const { name, size, title } of places) console.log(`${name} (${size}): ${title}`);
} else if (places.length === 0) {
  throw new Error(`No place has a name that starts with ${only}`);
} else {
  await visitAll();
}

async function visitAll(): Promise<void> {
  const start = Date.now();
  await install([...new Set(places.flatMap(({ packages }) => packages))]).catch(report);
  const rows = new Map<Place, readonly Row[]>();
  const queue = [...places];
  // A virtual machine, or a runtime at work, takes a core.
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
    for (let place = queue.shift(); place; place = queue.shift()) {
      rows.set(place, await visit(place));
    }
  }));
  const visited = places.map((place) => ({ title: place.title, rows: rows.get(place) ?? [] }));
  console.log(printRows(visited));
  if (full || write) writeReach(visited, PLACES.map(({ title }) => title));
  const all = visited.flatMap(({ rows }) => rows);
  const count = (outcome: Row["outcome"]) => all.filter((row) => row.outcome === outcome).length;
  console.log(`${places.length} places in ${((Date.now() - start) / 1000).toFixed(0)} s`);
  console.log(`${count(undefined)} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
  if (count("failed") > 0) process.exitCode = 1;
}

async function visit(place: Place): Promise<readonly Row[]> {
  const start = Date.now();
  let rows: readonly Row[];
  try {
    rows = await place.run(size);
    if (rows.length === 0) throw new Error("nothing was run");
  } catch (error) {
    rows = [lost("", error)];
  }
  const bad = rows.filter((row) => row.outcome !== undefined);
  const outcome = bad.find((row) => row.outcome === "failed") ? "FAILED" : bad[0]?.outcome ?? "ok";
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${outcome}  ${place.name}  ${seconds} s`);
  for (const { runtime, result } of bad) console.log(`  ${runtime} ${result}`);
  return rows;
}

/** Packages that cannot be installed: the places that need them will fail, each for itself. */
function report(error: unknown): void {
  console.error(reason(error));
}
