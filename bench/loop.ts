/**
 * The loops that benchmarks run in: source text, compiled anew for each benchmark.
 *
 * A loop that several benchmarks shared would call several functions from one place, and no
 * compiler inlines those any more: what is measured second would look slower than what is measured
 * first. So each benchmark gets a loop of its own, by `new Function`. The number in its text keeps
 * engines from finding the same text in their caches, and with it what an earlier benchmark taught
 * it.
 *
 * No compiler may leave the calls out or take them out of the loop: the argument comes from an array
 * by an index that changes, and the last result escapes. Of objects each one does, since JavaScriptCore
 * else makes only the last of them.
 *
 * @module
 */

/**
 * Takes so many samples of so many calls each into `out`, in units of the clock. Before that it goes
 * round so often without a call, since compilers count: what takes long would not get V8's last tier
 * within its warm-up, and until then each reading of the clock takes 100 ns.
 */
export type Loop = (
  out: Float64Array,
  samples: number,
  batch: number,
  idle: number,
) => void | PromiseLike<void>;

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

const compileText: Compiler = (...words) => new Function(...words);

/** A loop, and whether it is the benchmark's own. */
export interface MadeLoop {
  readonly loop: Loop;
  readonly own: boolean;
}

/** Where results escape to. */
const sink: { last: unknown; holder: unknown } = { last: undefined, holder: undefined };

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
    return { loop: factory(fn, input, inputs, read, before, after, sink), own: true };
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    return { loop: sharedLoop(shape, parts, inputs), own: false };
  }
}

const FIRST_VALUES: Readonly<Record<string, string>> = {
  number: "0",
  bigint: "0n",
  boolean: "false",
  string: '""',
};

/** What could be left unmade while nobody has seen it. */
const ALLOCATED = ["object", "function"];

/**
 * After so many samples V8 gets another object to store results in: once that has survived two
 * collections, each store of something new takes 3 ns more. Far less than a collection's worth.
 */
const HOLDER_SAMPLES = { batch: 16, single: 1024 };

/** The text of a factory that returns a {@link Loop}. */
export function loopText(
  { batched, awaits, awaitsHooks, returns }: LoopShape,
  before: boolean,
  after: boolean,
  id: number,
): string {
  // A variable that is undefined at first would have V8 box every number that comes: 10 ns a call.
  const first = FIRST_VALUES[returns];
  const hook = (name: string) => `${awaitsHooks ? "await " : ""}${name}(input);`;
  const escapes = ALLOCATED.includes(returns);
  const call = (index: string) =>
    `${escapes ? "holder.last" : "result"} = ${awaits ? "await " : ""}fn(inputs[${index} & 1]);`;
  const renewal = batched ? HOLDER_SAMPLES.batch : HOLDER_SAMPLES.single;
  return `"use strict"; // benchmark ${id}
return ${awaits || awaitsHooks ? "async " : ""}function (out, samples, batch, idle) {
  for (let i = 0; i < idle; i++) read();
  let ${escapes ? "holder" : "result"}${first === undefined ? "" : ` = ${first}`};
  for (let sample = 0; sample < samples; sample++) {
    ${before ? hook("before") : ""}
    ${escapes ? `if (sample % ${renewal} === 0) holder = sink.holder = { last: undefined };` : ""}
    const start = read();
    ${batched ? `for (let i = 0; i < batch; i++) ${call("i")}` : call("sample")}
    out[sample] = read() - start;
    ${after ? hook("after") : ""}
  }
  ${escapes ? "" : "sink.last = result;"}
};`;
}

/** The same in TypeScript. Awaits whenever anything is to be awaited. */
function sharedLoop<I>(
  { batched, awaits, awaitsHooks }: LoopShape,
  { fn, input, read, before, after }: LoopParts<I>,
  inputs: readonly I[],
): Loop {
  if (!awaits && !awaitsHooks) {
    return (out, samples, batch, idle) => {
      for (let i = 0; i < idle; i++) read();
      const calls = batched ? batch : 1;
      for (let sample = 0; sample < samples; sample++) {
        before?.(input);
        const start = read();
        for (let i = 0; i < calls; i++) sink.last = fn(inputs[i & 1] as I);
        out[sample] = read() - start;
        after?.(input);
      }
    };
  }
  return async (out, samples, batch, idle) => {
    for (let i = 0; i < idle; i++) read();
    const calls = batched ? batch : 1;
    for (let sample = 0; sample < samples; sample++) {
      await before?.(input);
      const start = read();
      for (let i = 0; i < calls; i++) {
        sink.last = awaits ? await fn(inputs[i & 1] as I) : fn(inputs[i & 1] as I);
      }
      out[sample] = read() - start;
      await after?.(input);
    }
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
    out[i] = read() - start;
  }
};`,
    ) as (read: () => number) => (out: Float64Array, pairs: number) => void;
    return factory(read);
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    return (out, pairs) => {
      for (let i = 0; i < pairs; i++) {
        const start = read();
        out[i] = read() - start;
      }
    };
  }
}
