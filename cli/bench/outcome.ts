/**
 * What came of a process, put together from what it says.
 *
 * @module
 */
import { stripVTControlCharacters } from "node:util";
import type { BenchResult } from "../../bench/mod.ts";
import type { ChildMessage } from "./child.ts";

/** What came of it. */
export interface ProcessOutcome {
  readonly results: readonly BenchResult[];
  /** How many benchmarks the file declared, as far as it got. */
  readonly declared: number;
  /** Why not everything ran; undefined if it did. */
  readonly failure: string | undefined;
  /** What the process printed: the last lines, and how many there were. */
  readonly printed: { readonly lines: readonly string[]; readonly count: number };
}

/** Called when a benchmark starts: its name, and which of how many it is. */
export type OnProgress = (name: string, index: number, count: number) => void;

/** Of what a process prints. */
const KEPT_LINES = 20;

/** Takes it as it comes. */
export class OutcomeBuilder {
  readonly #onProgress: OnProgress | undefined;
  readonly #results: BenchResult[] = [];
  /** Of all that ran or will: results come in this order. */
  readonly #names: string[] = [];
  readonly #lines: string[] = [];
  #printed = 0;
  #declared: number | undefined;
  #failure: string | undefined;

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
        this.#results.push(message.result);
        return this.#progress();
      case "thrown":
        this.#failure = `${this.#running() ?? "A benchmark"} threw ${readable(message.error)}`;
        return;
      case "end":
        this.#declared = message.declared;
    }
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

  /** It has ended, in this way. */
  end(how: string): ProcessOutcome {
    const where = this.#running();
    this.#fail(where === undefined ? how : `${how} in ${where}`);
    return {
      results: this.#results,
      declared: this.#declared ?? 0,
      failure: this.#failure,
      printed: { lines: this.#lines, count: this.#printed },
    };
  }

  /** The first reason counts; and whatever comes after everything has run is no failure. */
  #fail(reason: string): void {
    if (this.#declared === undefined) this.#failure ??= reason;
  }

  #running(): string | undefined {
    const name = this.#names[this.#results.length];
    return name === undefined ? undefined : JSON.stringify(name);
  }

  #progress(): void {
    const name = this.#names[this.#results.length];
    if (name !== undefined) this.#onProgress?.(name, this.#results.length, this.#names.length);
  }
}

/** Without colours, and without the text of the preloaded module, which stack traces have in full. */
function readable(text: string): string {
  return stripVTControlCharacters(text).split("\n").filter((line) => !line.includes("data:text"))
    .join("\n");
}
