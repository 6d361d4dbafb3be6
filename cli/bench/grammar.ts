/**
 * The command line of `vdso bench`.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple, optional, withDefault } from "@optique/core/modifiers";
import type { InferValue, Parser } from "@optique/core/parser";
import { argument, command, constant, flag, option } from "@optique/core/primitives";
import {
  float,
  integer,
  regExp,
  string,
  type ValueParser,
  type ValueParserResult,
} from "@optique/core/valueparser";
import { FILE } from "../file.ts";
import { JSON_FLAG } from "../json_flag.ts";
import { RUNTIME_WORD } from "./runtimes.ts";

/** `deno,bun,/opt/node/bin/node`. */
const runtimes: ValueParser<"sync", readonly string[]> = {
  mode: "sync",
  metavar: "LIST",
  placeholder: [],
  parse(input): ValueParserResult<readonly string[]> {
    const words = input.split(",");
    const wrong = words.find((word) => !RUNTIME_WORD.test(word));
    return wrong === undefined ? { success: true, value: words } : {
      success: false,
      error:
        message`Expected deno, bun, node, node and a major version as in node24, or a path with a slash, got ${wrong}.`,
    };
  },
  format: (value) => value.join(","),
};

/** `5%`, as 0.05. */
const percentage: ValueParser<"sync", number> = {
  mode: "sync",
  metavar: "PERCENT",
  placeholder: 0,
  parse(input): ValueParserResult<number> {
    const [, figure] = /^(\d+(?:\.\d+)?)%?$/.exec(input) ?? [];
    return figure === undefined
      ? { success: false, error: message`Expected a percentage such as 5%, got ${input}.` }
      : { success: true, value: Number(figure) / 100 };
  },
  format: (value) => `${value * 100}%`,
};

const options = object({
  command: constant("bench"),
  files: multiple(
    argument(FILE, {
      description:
        message`TypeScript or JavaScript that declares benchmarks with bench() of @x/vdso/bench.`,
    }),
    { min: 1, errors: { tooFew: message`Expected a FILE of benchmarks, got none.` } },
  ),
  runtimes: optional(option("--runtimes", runtimes, {
    description:
      message`Where to run them, separated by commas: deno, bun, node, node24, paths. Looked for in node_modules, then on PATH. All that are found if left out.`,
  })),
  relativeTo: optional(option("--relative-to", string({ metavar: "RUNTIME" }), {
    description:
      message`The column that the others are compared with, by its heading; the first if left out.`,
  })),
  filter: optional(option("--filter", regExp({ metavar: "REGEX" }), {
    description: message`Run only benchmarks whose names, groups before it, match: 'parse JSON'.`,
  })),
  time: optional(option("--time", float({ min: 1, max: 3_600_000, metavar: "MS" }), {
    description:
      message`How long to measure each benchmark that does not say for itself; 500 if left out. Warming up comes on top.`,
  })),
  processes: optional(option("--processes", integer({ min: 1, max: 1000, metavar: "N" }), {
    description:
      message`How many processes to run in each runtime, in turns; 1 if left out, 10 with --save or --compare. Differences are claimed from 5 on.`,
  })),
  cpu: optional(option("--cpu", integer({ min: 0, max: 65_535, metavar: "N" }), {
    description: message`Keep every process on this CPU, by taskset(1).`,
  })),
  timeout: withDefault(
    option("--timeout", float({ min: 0.1, max: 86_400, metavar: "SECONDS" }), {
      description:
        message`How long a benchmark may take, besides --time, before its process is killed; 60 if left out. It takes ten samples at least, and warms up before: a function of a second takes twelve or more.`,
    }),
    60,
  ),
  denoArgs: optional(option("--deno-args", string({ metavar: "WORDS" }), {
    description:
      message`What to start Deno with besides --no-prompt --allow-ffi, such as --allow-net. Node and Bun take theirs from NODE_OPTIONS and BUN_OPTIONS.`,
  })),
  plot: withDefault(
    flag("--plot", {
      description: message`Draw a histogram and the percentiles of each benchmark as well.`,
    }),
    false,
  ),
  markdown: withDefault(
    flag("--markdown", { description: message`Print the table as Markdown.` }),
    false,
  ),
  json: JSON_FLAG,
  save: optional(option("--save", FILE, {
    description:
      message`Write that JSON to a file, to compare with later. Only if everything ran: else the file is left as it was.`,
  })),
  compare: optional(option("--compare", FILE, {
    description:
      message`Compare with what was saved on this machine, from the same directory. Exit status 1 if a benchmark got slower than allowed, beyond doubt, or if that cannot be told.`,
  })),
  maxRegress: optional(option("--max-regress", percentage, {
    description:
      message`How much slower a benchmark may have got; 5% if left out. Beyond doubt it is more where the whole interval of the ratio is above that.`,
  })),
});

/** What was asked for. */
export type BenchCommand = InferValue<typeof options>;

/** Of `vdso bench` and all that comes after it. */
export const bench: Parser<"sync", BenchCommand, unknown> = command("bench", options, {
  brief: message`Run a file of benchmarks in several runtimes, side by side.`,
  description:
    message`Run each file in each runtime, in a process of its own, and print the medians in one table. Whatever fails in one runtime leaves the results of the others, and what throws leaves those of the benchmarks after it. Exit status 0 only if everything that was asked for ran, and nothing got slower than --max-regress allows. In Deno it takes --allow-read, --allow-env and --allow-run, --save takes --allow-write, and --allow-sys lets it know the CPU, by which --compare tells another machine.`,
});
