/**
 * The loops that benchmarks run in: source text, compiled anew for each benchmark.
 *
 * A loop that several benchmarks shared would call several functions from one place, and no
 * compiler inlines those any more: what is measured second would look slower than what is measured
 * first. So each benchmark gets a loop of its own, by `new Function`. The number in its text keeps
 * engines from finding the same text in their caches, and with it what an earlier benchmark taught
 * it.
 *
 * The start is taken from what the array has, not from the reading: a counter's readings may fit V8's
 * small integers at first, and later not. V8 would throw away, in the middle of a benchmark, a loop
 * that had seen nothing but differences of small integers. What comes out of the array is a double
 * from the beginning.
 *
 * No compiler may leave the calls out or take them out of the loop: the argument comes from an array
 * by an index that changes, and the last result escapes. Of objects each one does: JavaScriptCore
 * makes no others.
 *
 * @module
 */
import { NewFunction } from "./globals.ts";

/**
 * Takes samples into `out` from index `first` to before `end`, each of `batch` calls, in units of the
 * clock. The sample in which the clock reaches `deadline` is the last. Returns the index after it.
 *
 * Before that it goes round `idle` times without a call, since compilers count: what takes long would
 * not get V8's last tier within its warm-up, and until then each reading of the clock takes 100 ns.
 */
export type Loop = (
  out: Float64Array,
  first: number,
  end: number,
  batch: number,
  deadline: number,
  idle: number,
) => number | PromiseLike<number>;

/** How a loop looks. */
export interface LoopShape {
  /** A sample is many calls. */
  readonly batched: boolean;
  /** The function's results are awaited. */
  readonly awaits: boolean;
  /** Those of the functions around a sample are. */
  readonly awaitsHooks: boolean;
  /** What the function returns, by `typeof`, after any await. */
  readonly returns: string;
}

/** What a loop works with. */
export interface LoopParts<I> {
  readonly fn: (input: I) => unknown;
  readonly input: I;
  readonly read: () => number;
  readonly before: ((input: I) => unknown) | undefined;
  readonly after: ((input: I) => unknown) | undefined;
}

/** Makes functions of text; throws an EvalError where that is forbidden. */
export type Compiler = (...parametersAndBody: string[]) => unknown;

const compileText: Compiler = (...words) => new NewFunction(...words);

/** A loop. */
export interface MadeLoop {
  readonly loop: Loop;
  /** Whether it is the benchmark's own. */
  readonly own: boolean;
  /** What the function returned last, after any await. */
  readonly last: () => unknown;
}

/** Where results escape to. */
interface Sink {
  last: unknown;
  holder: { last: unknown } | undefined;
}

let made = 0;

/**
 * Makes the loop. Where code may not be generated (`--disallow-code-generation-from-strings`, some
 * embedders), it is one that all benchmarks share: good for one benchmark in each process.
 */
export function makeLoop<I>(
  shape: LoopShape,
  parts: LoopParts<I>,
  compile: Compiler = compileText,
): MadeLoop {
  const { fn, input, read, before, after } = parts;
  const inputs = [input, input];
  const sink: Sink = { last: undefined, holder: undefined };
  try {
    const factory = compile(
      "fn",
      "input",
      "inputs",
      "read",
      "before",
      "after",
      "sink",
      loopText(shape, before !== undefined, after !== undefined, ++made),
    ) as (...parts: unknown[]) => Loop;
    return {
      loop: factory(fn, input, inputs, read, before, after, sink),
      own: true,
      last: escapes(shape) ? () => sink.holder?.last : () => sink.last,
    };
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    return { loop: sharedLoop(shape, parts, inputs, sink), own: false, last: () => sink.last };
  }
}

/** What the result begins with, by its type. */
const FIRST_VALUES: Readonly<Record<string, string>> = {
  number: "0",
  bigint: "0n",
  boolean: "false",
  string: '""',
};

/** Whether a compiler could leave out the making of it. */
function escapes({ returns }: LoopShape): boolean {
  return returns === "object" || returns === "function";
}

/**
 * The number of samples after which V8 gets another object to store results in: once that has survived
 * two collections, each store of something new takes 3 ns more. A collection comes much later.
 */
const HOLDER_SAMPLES = { batch: 16, single: 1024 };

/** The text of a factory that returns a {@link Loop}. */
export function loopText(
  shape: LoopShape,
  before: boolean,
  after: boolean,
  id: number,
): string {
  const { batched, awaits, awaitsHooks, returns } = shape;
  // A variable that is undefined at first would have V8 box every number that comes: 10 ns a call.
  const value = FIRST_VALUES[returns];
  const result = value === undefined ? "result" : `result = ${value}`;
  const hook = (name: string) => `${awaitsHooks ? "await " : ""}${name}(input);`;
  const held = escapes(shape);
  const call = (index: string) =>
    `${held ? "holder.last" : "result"} = ${awaits ? "await " : ""}fn(inputs[${index} & 1]);`;
  const newHolder = "holder = sink.holder = { last: undefined }";
  const renewal = batched ? HOLDER_SAMPLES.batch : HOLDER_SAMPLES.single;
  return `"use strict"; // benchmark ${id}
return ${awaits || awaitsHooks ? "async " : ""}function (out, first, end, batch, deadline, idle) {
  for (let i = 0; i < idle; i++) read();
  let ${held ? "holder" : result};
  let sample = first;
  for (; sample < end; sample++) {
    ${before ? hook("before") : ""}
    ${held ? `if (sample === first || sample % ${renewal} === 0) ${newHolder};` : ""}
    const start = read();
    ${batched ? `for (let i = 0; i < batch; i++) ${call("i")}` : call("sample")}
    out[sample] = read();
    if (out[sample] >= deadline) end = sample;
    out[sample] -= start;
    ${after ? hook("after") : ""}
  }
  ${held ? "" : "if (sample > first) sink.last = result;"}
  return sample;
};`;
}

/** The same in TypeScript. Awaits whenever anything is to be awaited. */
function sharedLoop<I>(
  { batched, awaits, awaitsHooks }: LoopShape,
  { fn, input, read, before, after }: LoopParts<I>,
  inputs: readonly I[],
  sink: Sink,
): Loop {
  if (!awaits && !awaitsHooks) {
    return (out, first, end, batch, deadline, idle) => {
      for (let i = 0; i < idle; i++) read();
      const calls = batched ? batch : 1;
      let sample = first;
      for (; sample < end; sample++) {
        before?.(input);
        const start = read();
        for (let i = 0; i < calls; i++) sink.last = fn(inputs[i & 1] as I);
        out[sample] = read();
        if ((out[sample] as number) >= deadline) end = sample;
        (out[sample] as number) -= start;
        after?.(input);
      }
      return sample;
    };
  }
  return async (out, first, end, batch, deadline, idle) => {
    for (let i = 0; i < idle; i++) read();
    const calls = batched ? batch : 1;
    let sample = first;
    for (; sample < end; sample++) {
      await before?.(input);
      const start = read();
      for (let i = 0; i < calls; i++) {
        sink.last = awaits ? await fn(inputs[i & 1] as I) : fn(inputs[i & 1] as I);
      }
      out[sample] = read();
      if ((out[sample] as number) >= deadline) end = sample;
      (out[sample] as number) -= start;
      await after?.(input);
    }
    return sample;
  };
}

/** A loop over a clock alone: what lies between two readings. */
export function compilePair(
  read: () => number,
  compile: Compiler = compileText,
): (out: Float64Array, pairs: number) => void {
  try {
    const factory = compile(
      "read",
      `"use strict"; // clock ${++made}
return function (out, pairs) {
  for (let i = 0; i < pairs; i++) {
    const start = read();
    out[i] = read();
    out[i] -= start;
  }
};`,
    ) as (read: () => number) => (out: Float64Array, pairs: number) => void;
    return factory(read);
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    return (out, pairs) => {
      for (let i = 0; i < pairs; i++) {
        const start = read();
        out[i] = read();
        (out[i] as number) -= start;
      }
    };
  }
}
