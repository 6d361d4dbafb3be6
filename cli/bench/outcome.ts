/**
 * What came of a process, put together from what it says.
 *
 * @module
 */
import { stripVTControlCharacters } from "node:util";
import type { BenchIdentity, BenchResult, SkippedBenchmark } from "../../bench/mod.ts";
import type { ChildMessage } from "./child.ts";
import { oneLine, printParams } from "./names.ts";

/** What came of it. */
export interface ProcessOutcome {
  /** In the order in which they came, with those that cannot be measured there, and that threw. */
  readonly results: readonly Numbered<BenchResult | SkippedBenchmark | BenchIdentity>[];
  /** What threw, and why; the others ran all the same. */
  readonly thrown: readonly (Numbered<BenchIdentity> & { readonly reason: string })[];
  /** How many benchmarks the file declared, as far as it got. */
  readonly declared: number;
  /** Why not everything ran; undefined if it did. */
  readonly failure: string | undefined;
  /** What the process printed: the last lines, and how many there were. */
  readonly printed: { readonly lines: readonly string[]; readonly count: number };
}

/** A benchmark, or what came of it. */
export interface Numbered<B> {
  readonly benchmark: B;
  /** Which of those with the same name, from 0 on; counts those that threw or were skipped, too. */
  readonly occurrence: number;
}

/** Called when a benchmark starts: its name, and which of how many it is. */
export type OnProgress = (name: string, index: number, count: number) => void;

/** Of what a process prints. */
const KEPT_LINES = 20;

/** Takes it as it comes. */
export class OutcomeBuilder {
  readonly #onProgress: OnProgress | undefined;
  readonly #results: ProcessOutcome["results"][number][] = [];
  readonly #thrown: ProcessOutcome["thrown"][number][] = [];
  readonly #seen = new Map<string, number>();
  /** Of all that ran or will, in this order. */
  readonly #names: string[] = [];
  readonly #lines: string[] = [];
  #printed = 0;
  #declared: number | undefined;
  /** The same, if the process ends well. */
  #declaredAtExit: number | undefined;
  #failure: string | undefined;
  #broken: string | undefined;

  constructor(onProgress?: OnProgress) {
    this.#onProgress = onProgress;
  }

  /** A message. */
  take(message: ChildMessage): void {
    switch (message.kind) {
      case "run":
        this.#names.push(...message.names);
        return this.#progress();
      case "result":
        this.#results.push(this.#numbered(message.result));
        return this.#progress();
      case "skipped":
        this.#results.push(this.#numbered(message.benchmark));
        return this.#progress();
      case "thrown": {
        const { group, name, params } = message.benchmark;
        const full = [JSON.stringify([...group, name].join(" ")), ...printParams(params)];
        const reason = `${full.join(", ")} threw ${readable(message.error)}`;
        const thrown = this.#numbered(message.benchmark);
        this.#results.push(thrown);
        this.#thrown.push({ ...thrown, reason });
        return this.#progress();
      }
      case "failed":
        return this.#fail(`${this.#running() ?? "A run"} threw ${readable(message.error)}`);
      case "end":
        if (this.#running() !== undefined) this.#fail(`${this.#running()} came to no result`);
        this.#declared = message.declared;
        return;
      case "exit":
        this.#declaredAtExit = message.declared;
    }
  }

  /** What begins as a message does, and is none. Whatever comes after it counts. */
  takeBroken(text: string): void {
    this.#broken ??= `Printed what looks like a message of vdso, and is none: ${shortened(text)}`;
  }

  /** Any other line. */
  print(line: string): void {
    this.#printed++;
    this.#lines.push(readable(line));
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }

  /** It has said nothing for so many milliseconds, and is killed. */
  timeout(milliseconds: number): void {
    const before = this.#names.length === 0 ? "What comes before the benchmarks" : "Its end";
    this.#fail(`${this.#running() ?? before} took more than ${milliseconds / 1000} s: killed`);
  }

  /** It has ended, in this way; with this exit status, unless a signal ended it. */
  end(how: string, status: number | null = null): ProcessOutcome {
    if (status === 0 && this.#declaredAtExit !== undefined) {
      this.take({ kind: "end", declared: this.#declaredAtExit });
    }
    const where = this.#running();
    this.#fail(where === undefined ? how : `${how} in ${where}`);
    return {
      results: this.#results,
      thrown: this.#thrown,
      declared: this.#declared ?? 0,
      failure: this.#failure ?? this.#broken,
      printed: { lines: this.#lines, count: this.#printed },
    };
  }

  /** The first reason counts; and whatever comes after everything has run is no failure. */
  #fail(reason: string): void {
    if (this.#declared !== undefined || this.#failure !== undefined) return;
    const left = this.#names.slice(this.#results.length + 1).map((name) => JSON.stringify(name));
    this.#failure = left.length === 0 ? reason : `${reason}\nDid not run: ${left.join(", ")}`;
  }

  #numbered<B extends BenchIdentity>(benchmark: B): Numbered<B> {
    const { group, name, params, mode } = benchmark;
    const key = JSON.stringify([group, name, params, mode]);
    const occurrence = this.#seen.get(key) ?? 0;
    this.#seen.set(key, occurrence + 1);
    return { benchmark, occurrence };
  }

  #running(): string | undefined {
    const name = this.#names[this.#results.length];
    return name === undefined ? undefined : JSON.stringify(name);
  }

  #progress(): void {
    const name = this.#names[this.#results.length];
    if (name !== undefined) {
      this.#onProgress?.(oneLine(name), this.#results.length, this.#names.length);
    }
  }
}

/** So much of a line tells what it is. */
const MOST_SHOWN = 60;

function shortened(text: string): string {
  return oneLine(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text);
}

/** What terminals obey: C0 and C1 (ECMA-48), except tabs and ends of lines. */
const CONTROL = /[^\P{Cc}\t\n]/gu;

/** Without colours, and without the text of the preloaded module, which stack traces have in full. */
function readable(text: string): string {
  return stripVTControlCharacters(text).replaceAll(CONTROL, "").split("\n")
    .filter((line) => !line.includes("data:text")).join("\n");
}
