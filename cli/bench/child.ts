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
import type {
  BenchIdentity,
  BenchResult,
  Params,
  RunOptions,
  RunResult,
  SkippedBenchmark,
} from "../../bench/mod.ts";
import type { RunnerOptions } from "../../bench/runner.ts";

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
  /** One of them cannot be measured here. */
  | { readonly kind: "skipped"; readonly benchmark: SkippedBenchmark }
  /** One of them threw; the next one follows. */
  | { readonly kind: "thrown"; readonly benchmark: BenchIdentity; readonly error: string }
  /** A run came to nothing, and nothing follows. */
  | { readonly kind: "failed"; readonly error: string }
  /** All were run, of so many that were declared. */
  | { readonly kind: "end"; readonly declared: number }
  /** So were they, and the file ends the process itself: its exit status says whether all is well. */
  | { readonly kind: "exit"; readonly declared: number };

/** The URL of a module that does it, to be preloaded. */
export function childUrl(plan: ChildPlan): string {
  // One thread measures: Node's Workers load what their process has preloaded.
  const text = `import fs from "node:fs"; import { isMainThread } from "node:worker_threads"; ` +
    `if (isMainThread) (${child})(fs, ${JSON.stringify(plan)});`;
  return `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;
}

/** Deno has these for the main thread, too. */
interface DenoGlobal {
  addEventListener(type: "load" | "unload", listener: () => void): void;
}

/** Its text is its only contact with this module. */
function child(fs: typeof FileSystem, { url, token, time, filter }: ChildPlan): void {
  // As they are now, whatever the file replaces: by fake timers, for example.
  const { setTimeout, clearTimeout, setInterval, Promise, Atomics, JSON, TextEncoder } = globalThis;
  const { writeSync } = fs;
  const exit = process.exit.bind(process);

  /** So long a file may go on until its first benchmark: what has a server never ends. */
  const FIRST_MS = 5000;
  /**
   * So long a file may go on from a benchmark to the next, or to its own run. In turns of the event
   * loop: on a busy machine the time alone may be over before the file got one.
   */
  const [TURNS, TURN_MS] = [10, 10];

  // One process measures. What the file forks would be started with the same words.
  const at = process.execArgv.findIndex((word) =>
    word.startsWith("data:") && atob(word.slice(word.indexOf(",") + 1)).includes(token)
  );
  if (at > 0) process.execArgv.splice(at - 1, 2);

  const pattern = filter ? new RegExp(filter.source, filter.flags) : undefined;
  const runs = new Set<(options?: RunOptions) => Promise<RunResult>>();
  const running: Promise<RunResult>[] = [];
  let declared = 0;
  /** Of those, what no run has begun with. */
  let untaken = 0;
  let unfinished = 0;
  let waiting: string[] = [];
  let isOver = false;
  /** Called with the first declaration. */
  let wake = (): void => {};
  /** Where the library lies that the file imports, as stacks name it. */
  let library: string | undefined;

  // The names by which bench/runner.ts knows this. Whatever else wants a global here has another.
  (globalThis as Record<symbol, unknown>)[Symbol.for("@x/vdso/bench runner")] = {
    declared(name: string, run: () => Promise<RunResult>): void {
      library ??= placeOf(new Error().stack);
      runs.add(run);
      declared++;
      untaken++;
      waiting.push(name);
      wake();
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
        onSkipped(benchmark) {
          send({ kind: "skipped", benchmark: printable(benchmark) });
        },
        onThrown(error, benchmark) {
          send({ kind: "thrown", benchmark: printable(benchmark), error: textOf(error) });
        },
      };
    },
    running(run: Promise<RunResult>): void {
      running.push(run);
      untaken = 0; // it takes all
      unfinished++;
      const ended = () => void unfinished--;
      run.then(ended, ended);
    },
  };

  if ("Deno" in globalThis) {
    // A dynamic import would need the permission to read the file. Deno tells when it has run.
    // It does so, too, if the file threw: but then it ends with that after its first timers, which a
    // busy machine lets expire before.
    const target = globalThis as unknown as DenoGlobal;
    target.addEventListener(
      "load",
      () => setTimeout(() => setTimeout(() => void finish(), 0), 0),
    );
    // Deno.exit() calls no listeners of the process.
    target.addEventListener("unload", exited);
  } else {
    process.once("exit", exited);
    // Once it has begun, so that it is the main module. If it fails, the runtime reports that.
    setTimeout(() => void import(url).then(finish, () => {}), 0);
  }

  /**
   * A file may run its benchmarks itself, and end its process then. The exit status is not known yet:
   * the file's own listeners come later, and Bun has 0 here if a promise was rejected.
   */
  function exited(): void {
    const isDone = declared > 0 && untaken === 0 && unfinished === 0;
    if (!isOver && isDone) send({ kind: "exit", declared });
  }

  /** Runs what the file declared and did not run itself. */
  async function finish(): Promise<void> {
    // A file that awaits nothing may declare behind what its functions await.
    if (declared === 0) {
      await new Promise<void>((resolve) => {
        process.once("beforeExit", resolve);
        const limit = setTimeout(resolve, FIRST_MS);
        limit.unref?.(); // in older versions of Deno it is a number, and keeps the process
        wake = () => {
          clearTimeout(limit);
          resolve();
        };
      });
    }
    // What a benchmark waits for need not keep the process: a Worker that is unref'd, for example.
    setInterval(() => {}, 1e9);
    await letDeclare();
    try {
      let seen: number;
      do {
        seen = declared;
        // What the file began and did not wait for; when that ends, the file may begin another.
        for (const run of running) {
          await run;
          await letDeclare();
        }
        for (const run of runs) await run();
        await letDeclare();
      } while (declared > seen);
      send({ kind: "end", declared });
    } catch (error) {
      send({ kind: "failed", error: textOf(error) });
    }
    isOver = true;
    exit(); // whatever servers and timers are left
  }

  /** A turn for the file. What it has declared by then it may run itself, with its own options. */
  async function letDeclare(): Promise<void> {
    await turn(0);
    for (let seen = 0; untaken > seen;) {
      seen = untaken;
      for (let turns = 0; turns < TURNS && untaken === seen; turns++) await turn(TURN_MS);
    }
  }

  function turn(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Whatever was thrown, and what caused it: it need not be an Error. */
  function textOf(error: unknown): string {
    try {
      const { stack, cause } = (error ?? {}) as { stack?: unknown; cause?: unknown };
      const text = ofUser(String(stack ?? error));
      return cause === undefined ? text : `${text}\nCaused by ${textOf(cause)}`;
    } catch { // also for causes in a circle
      return Object.prototype.toString.call(error);
    }
  }

  /** A stack up to where the library calls the user's code. */
  function ofUser(stack: string): string {
    const lines = stack.split("\n");
    const end = lines.findIndex((line) => isFrame(line) && isOurs(locationOf(line)));
    return lines.slice(0, end < 0 ? lines.length : end)
      .filter((line) => !isFrame(line) || !/\bnode:internal\/|\bext:\w+\//.test(line)).join("\n");
  }

  function isFrame(line: string): boolean {
    return /^\s+at /.test(line);
  }

  /** Bun names some files by their paths, some by their URLs. */
  function locationOf(line: string): string {
    const location = line.replace(/^[^/]*?(?:file:\/\/|(https?:\/\/)|(?=\/))/, "$1");
    try {
      return decodeURI(location);
    } catch {
      return location;
    }
  }

  /** In the rooms of the library that call benchmarks, as sources or as a package. */
  function isOurs(location: string): boolean {
    return library !== undefined && location.startsWith(library) &&
      /^(bench|chunks)\//.test(location.slice(library.length));
  }

  /**
   * The library's directory, by what calls `declared`. Undefined if that is no file of its own, but
   * part of a bundle.
   */
  function placeOf(stack = ""): string | undefined {
    const frame = stack.split("\n").find((line) => isFrame(line) && !line.includes("data:"));
    const location = locationOf(frame ?? "");
    if (location.startsWith(`${locationOf(url)}:`)) return undefined;
    return /^(.*\/)(?:bench|chunks)\/[^/]+$/.exec(location)?.[1];
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
        at += writeSync(1, bytes, at);
      } catch (error) {
        // The benchmarks' own output has filled the pipe, and the runtime made it non-blocking.
        if ((error as { code?: string }).code !== "EAGAIN") throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
  }
}
