/**
 * `vdso bench`: files of benchmarks, each in several runtimes, side by side.
 *
 * @module
 */
import { realpathSync } from "node:fs";
import { dirname, relative } from "node:path";
import process from "node:process";
import { platform } from "../platform.ts";
import { readText } from "../file_error.ts";
import { clearProgress, showProgress } from "../progress.ts";
import { UsageError } from "../usage.ts";
import { checkWritable } from "../write_file.ts";
import { checkBase, compareWithBase, type Intention, readBase } from "./base.ts";
import { Collection } from "./collection.ts";
import type { BenchCommand } from "./grammar.ts";
import type { ProcessOutcome } from "./outcome.ts";
import { checkPinning } from "./pin.ts";
import { printPlots } from "./plot.ts";
import { denoFlags, type ProcessOptions, runProcess } from "./process.ts";
import { type BenchReport, printReport, sideBySide } from "./report.ts";
import {
  findAllRuntimes,
  findRuntimes,
  type FoundRuntime,
  type MissingRuntime,
} from "./runtimes.ts";
import { saveReport } from "./save.ts";
import { printMarkdown, printText } from "./table.ts";

/** Process runs of each file in each runtime: a base is good for nothing with fewer than five. */
const PROCESSES = 1;
const PROCESSES_TO_COMPARE = 10;
const MAX_REGRESS = 0.05;

/** Runs everything; the text, and whether all is well. What is not goes to standard error. */
export async function benchCommand(
  command: BenchCommand,
): Promise<{ text: string; ok: boolean }> {
  checkWords(command);
  const files = command.files.map((file) => {
    const path = realpathSync(file);
    return { path, name: relative(process.cwd(), path) };
  });
  if (command.cpu !== undefined) checkPinning(command.cpu);
  if (command.save !== undefined) checkWritable(command.save);
  const { found, missing } = find(command, files.map(({ path }) => path));
  const intention = intend(command, found);
  const base = command.compare === undefined ? undefined : readBase(command.compare);
  const notes = base ? checkBase(base, intention, files.map(({ name }) => name)) : [];

  const collection = await runAll(files, found, intention.settings.processes, {
    time: command.time ?? null,
    filter: command.filter ?? null,
    timeout: command.timeout * 1000,
    cpu: command.cpu,
    denoArgs: denoArgs(command),
  });
  const { results, failures } = collection;
  if (results.length === 0 && failures.length === 0) {
    throw new Error(
      command.filter
        ? `No benchmark's name matches --filter ${command.filter}`
        : "No benchmark's name matches the filter that its file gives to run()",
    );
  }
  const names = found.map(({ name }) => name);
  const rows = sideBySide(
    results,
    names,
    intention.settings.relativeTo ?? undefined,
    (place) => collection.isBroken(place),
  );
  const { compare: file = "", maxRegress = MAX_REGRESS } = command;
  const changes = base && compareWithBase(rows, base, { file, maxRegress, notes });
  const problems = changes?.base.problems ?? [];
  for (const problem of problems) complain(problem);
  const report: BenchReport = {
    version: 1,
    ...intention,
    missing,
    benchmarks: changes?.benchmarks ?? rows,
    failures,
    base: changes?.base ?? null,
    ok: [missing, failures, problems].every(({ length }) => length === 0),
  };
  const unsaved = command.save === undefined ? undefined : saveReport(command.save, report);
  if (unsaved !== undefined) complain(unsaved);
  return { text: print(report, command), ok: report.ok && unsaved === undefined };
}

/** The runtimes that are asked for, or all. */
function find(
  { runtimes }: BenchCommand,
  files: readonly string[],
): { found: FoundRuntime[]; missing: MissingRuntime[] } {
  const places = {
    directories: [...files.map((file) => dirname(file)), process.cwd()],
    path: process.env["PATH"] ?? "",
  };
  const search = runtimes ? findRuntimes(runtimes, places) : findAllRuntimes(places);
  const { found, missing, useless } = search;
  for (const reason of useless) complain(reason);
  for (const { name, reason } of missing) complain(`${name}: ${reason}`);
  if (found.length === 0) throw new Error("There is no runtime to run benchmarks in");
  return { found, missing };
}

/** What is known before anything has run. */
function intend(command: BenchCommand, found: readonly FoundRuntime[]): Intention {
  const names = found.map(({ name }) => name);
  const { relativeTo = names[0] ?? "" } = command;
  if (!names.includes(relativeTo)) {
    throw new UsageError(
      `Expected --relative-to to be one of ${names.join(", ")}, got ${relativeTo}`,
    );
  }
  const comparing = command.save !== undefined || command.compare !== undefined;
  return {
    platform: platform(),
    settings: {
      processes: command.processes ?? (comparing ? PROCESSES_TO_COMPARE : PROCESSES),
      time: command.time ?? null,
      filter: command.filter ? String(command.filter) : null,
      cpu: command.cpu ?? null,
      relativeTo: found.length > 1 ? relativeTo : null,
    },
    runtimes: found.map(({ path: _, ...runtime }) => ({
      ...runtime,
      flags: runtime.kind === "deno" ? denoFlags(denoArgs(command)) : [],
    })),
  };
}

function denoArgs({ denoArgs = "" }: BenchCommand): string[] {
  return denoArgs.split(/\s+/).filter((word) => word !== "");
}

/** What the grammar cannot say. */
function checkWords({ files, json, markdown, plot, compare, maxRegress }: BenchCommand): void {
  if (json && markdown) throw new UsageError("Expected --json or --markdown, got both");
  if (plot && (json || markdown)) {
    throw new UsageError("Expected --plot with neither --json nor --markdown");
  }
  if (maxRegress !== undefined && compare === undefined) {
    throw new UsageError("Expected --max-regress with --compare, got it alone");
  }
  for (const file of files) readText(file); // throws for what is not there, or a directory
}

function print(report: BenchReport, { json, markdown, plot }: BenchCommand): string {
  if (json) return printReport(report);
  if (markdown) return printMarkdown(report);
  const parts = [printText(report), plot ? printPlots(report) : ""];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** Runs every file in every runtime so many times: A B A B, so that what else goes on meets them all alike. */
async function runAll(
  files: readonly { readonly path: string; readonly name: string }[],
  runtimes: readonly FoundRuntime[],
  processes: number,
  options: ProcessOptions,
): Promise<Collection> {
  const collection = new Collection();
  const total = files.length * runtimes.length * processes;
  let done = 0;
  for (let run = 1; run <= processes; run++) {
    for (const { path, name: file } of files) {
      for (const runtime of runtimes) {
        const where = total > runtimes.length ? `${runtime.name}, run ${run}` : runtime.name;
        const part = done++;
        const place = { runtime: runtime.name, file, run };
        if (collection.isBroken(place)) continue;
        showProgress(part / total, where);
        const outcome = await runProcess(runtime, path, {
          ...options,
          onProgress: (name, index, count) =>
            showProgress((part + index / count) / total, `${where}: ${name}`),
        });
        clearProgress();
        const failures = collection.take(place, outcome);
        if (run === 1 || failures.length > 0) showPrinted(runtime.name, outcome);
        for (const { reason } of failures) complain(`${file} in ${runtime.name}: ${reason}`);
      }
    }
  }
  return collection;
}

function showPrinted(name: string, { printed: { lines, count } }: ProcessOutcome): void {
  if (count > lines.length) console.error(`${name} | ... ${count - lines.length} more lines`);
  for (const line of lines) console.error(`${name} | ${line}`);
}

function complain(text: string): void {
  console.error(`vdso: ${text}`);
}
