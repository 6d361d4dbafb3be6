/**
 * What runs in the processes that `vdso bench` starts, before the benchmarks' file does.
 *
 * It travels as text, in a data: URL that the runtime preloads. So no file has to be found: this
 * module may have come by HTTP, from JSR, and Node and Bun import nothing from there. Hence
 * {@link child} may use nothing but its arguments and globals.
 *
 * @module
 */
import type * as FileSystem from "node:fs";
import type { BenchResult, Params, RunOptions, RunResult } from "../../bench/mod.ts";
import type { BenchIdentity, RunnerOptions } from "../../bench/runner.ts";

/** What it is told. */
export interface ChildPlan {
  /** Of the benchmarks' file, which is the process's main module. */
  readonly url: string;
  /** What a line of standard output begins with if it is a message. */
  readonly token: string;
  /** Milliseconds for each benchmark that does not say for itself. */
  readonly time: number | null;
  /** Which benchmarks to run: the parts of a regular expression. */
  readonly filter: { readonly source: string; readonly flags: string } | null;
}

/** What it tells. */
export type ChildMessage =
  /** These benchmarks are about to run, one after the other. */
  | { readonly kind: "run"; readonly names: readonly string[] }
  | { readonly kind: "result"; readonly result: BenchResult }
  /** One of them threw; the next one follows. */
  | { readonly kind: "thrown"; readonly benchmark: BenchIdentity; readonly error: string }
  /** A run came to nothing, and nothing follows. */
  | { readonly kind: "failed"; readonly error: string }
  /** All were run, of so many that were declared. */
  | { readonly kind: "end"; readonly declared: number };

/** The URL of a module that does it, to be preloaded. */
export function childUrl(plan: ChildPlan): string {
  const text = `import fs from "node:fs"; (${child})(fs, ${JSON.stringify(plan)});`;
  return `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
}

/** Its text is its only contact with this module. */
function child(fs: typeof FileSystem, { url, token, time, filter }: ChildPlan): void {
  const pattern = filter ? new RegExp(filter.source, filter.flags) : undefined;
  const runs = new Set<(options?: RunOptions) => Promise<RunResult>>();
  const running: Promise<RunResult>[] = [];
  let declared = 0;
  let waiting: string[] = [];

  // The names by which bench/runner.ts knows this. Whatever else wants a global here has another.
  (globalThis as Record<symbol, unknown>)[Symbol.for("@x/vdso/bench runner")] = {
    declared(name: string, run: () => Promise<RunResult>): void {
      runs.add(run);
      declared++;
      waiting.push(name);
    },
    options(own: RunOptions): RunnerOptions {
      const wanted = pattern ?? own.filter;
      send({ kind: "run", names: waiting.filter((name) => !wanted || name.search(wanted) >= 0) });
      waiting = [];
      return {
        ...own,
        ...(time !== null && { time }),
        ...(wanted && { filter: wanted }),
        onResult(result) {
          own.onResult?.(result);
          send({ kind: "result", result: printable(result) });
        },
        onThrown(error, benchmark) {
          send({ kind: "thrown", benchmark: printable(benchmark), error: textOf(error) });
        },
      };
    },
    running(run: Promise<RunResult>): void {
      running.push(run);
    },
  };

  if ("Deno" in globalThis) {
    // A dynamic import would need the permission to read the file. Deno tells when it has run.
    globalThis.addEventListener("load", () => void finish());
  } else {
    // Once it has begun, so that it is the main module. If it fails, the runtime reports that.
    setTimeout(() => void import(url).then(finish, () => {}), 0);
  }

  /** Runs what the file declared and did not run itself. */
  async function finish(): Promise<void> {
    try {
      // What the file began and did not wait for; when that ends, the file may begin another.
      for (const run of running) {
        await run;
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      for (const run of runs) await run();
      send({ kind: "end", declared });
    } catch (error) {
      send({ kind: "failed", error: textOf(error) });
    }
    process.exit(); // whatever servers and timers are left
  }

  /** Whatever was thrown: it need not be an Error. */
  function textOf(error: unknown): string {
    try {
      return String((error as { stack?: unknown } | null | undefined)?.stack ?? error);
    } catch {
      return Object.prototype.toString.call(error);
    }
  }

  /** With parameters that JSON can carry, and that look the same in every runtime. */
  function printable<B extends { readonly params: Params }>(benchmark: B): B {
    const params = Object.entries(benchmark.params).map(([name, value]) => {
      try {
        return [name, JSON.parse(JSON.stringify(value, (_key, item) => plain(item)))];
      } catch { // it contains itself, say
        return [name, Object.prototype.toString.call(value)];
      }
    });
    return { ...benchmark, params: Object.fromEntries(params) as Params };
  }

  /** What JSON has no notation for becomes text: `10n`, `Infinity`, a function's name. */
  function plain(value: unknown): unknown {
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "function") return value.name || "anonymous function";
    const isText = typeof value === "symbol" || value === undefined || value instanceof RegExp ||
      (typeof value === "number" && !Number.isFinite(value));
    return isText ? String(value) : value;
  }

  /**
   * Standard output is the one way out that every runtime leaves open: Deno can write to no other
   * descriptor. ASCII in pieces that the kernel takes in one go (PIPE_BUF, pipe(7)), each a line of
   * its own: so nothing comes in between, wherever other output stands, and whoever writes it.
   */
  function send(message: ChildMessage): void {
    const text = JSON.stringify(message).replace(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    for (let at = 0; at < text.length; at += 3000) {
      const more = at + 3000 < text.length ? "+" : ".";
      write(new TextEncoder().encode(`\n${token}${more}${text.slice(at, at + 3000)}\n`));
    }
  }

  function write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      try {
        at += fs.writeSync(1, bytes, at);
      } catch (error) {
        // The benchmarks' own output has filled the pipe, and the runtime made it non-blocking.
        if ((error as { code?: string }).code !== "EAGAIN") throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
  }
}
