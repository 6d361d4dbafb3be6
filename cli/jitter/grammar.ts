/**
 * The command line of `vdso jitter`.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { optional, withDefault } from "@optique/core/modifiers";
import type { InferValue, Parser } from "@optique/core/parser";
import { command, constant, option } from "@optique/core/primitives";
import {
  float,
  integer,
  type ValueParser,
  type ValueParserResult,
} from "@optique/core/valueparser";
import { FILE } from "../file.ts";
import { JSON_FLAG } from "../json_flag.ts";
import { parseCpuList } from "./cpu_list.ts";

/** `0,2-3`, as in cpuset(7). */
const cpuList: ValueParser<"sync", readonly number[]> = {
  mode: "sync",
  metavar: "LIST",
  placeholder: [],
  parse(input): ValueParserResult<readonly number[]> {
    const cpus = parseCpuList(input);
    return cpus ? { success: true, value: cpus } : {
      success: false,
      error: message`Expected numbers of CPUs and ranges such as 0,2-3, got ${input}.`,
    };
  },
  format: (value) => value.join(","),
};

const options = object({
  command: constant("jitter"),
  duration: withDefault(
    option("--duration", float({ min: 0.001, max: 86_400, metavar: "SECONDS" }), {
      description: message`How long to watch; 5 if left out.`,
    }),
    5,
  ),
  threshold: withDefault(
    option("--threshold", float({ min: 0, max: 1e9, metavar: "NS" }), {
      description: message`How many nanoseconds make a gap; 1000 if left out.`,
    }),
    1000,
  ),
  cpus: optional(option("--cpus", cpuList, {
    description:
      message`Which CPUs to watch, as 0,2-3; all that this process may run on if left out. Each is used entirely meanwhile.`,
  })),
  top: withDefault(
    option("--top", integer({ min: 1, max: 1000, metavar: "K" }), {
      description: message`How many of the longest gaps to show; 10 if left out.`,
    }),
    10,
  ),
  json: JSON_FLAG,
  hdr: optional(option("--hdr", FILE, {
    description:
      message`Write a histogram log as HdrHistogram has it (V2), in nanoseconds, a line with a tag for each CPU; - is standard output.`,
  })),
});

/** What was asked for. */
export type JitterCommand = InferValue<typeof options>;

/** Of `vdso jitter` and all that comes after it. */
export const jitter: Parser<"sync", JitterCommand, unknown> = command("jitter", options, {
  brief: message`Find what takes the CPU away from programs, and who.`,
  description:
    message`Watch CPUs by a native loop that reads the counter back to back: each gap between two readings is time that was taken from it. Show how many there were, how long they were, and who took the time: an estimate, which takes no root. In Deno it takes --allow-all, since causes are in /proc.`,
});
