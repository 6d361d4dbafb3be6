/**
 * The command line of `vdso`: what parsing, `--help`, shell completions and docs/cli.md are all
 * made from.
 *
 * @module
 */
import { object, or } from "@optique/core/constructs";
import { type Message, message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import type { InferValue, Parser } from "@optique/core/parser";
import { argument, command, constant, flag, option } from "@optique/core/primitives";
import { choice, float } from "@optique/core/valueparser";
import { bench } from "./bench/grammar.ts";
import { doctor } from "./doctor/grammar.ts";
import { CLOCK_NAMES } from "../doctor/clock_names.ts";
import { FILE } from "./file.ts";
import { JSON_FLAG } from "./json_flag.ts";
import { jitter } from "./jitter/grammar.ts";

/** For `--help` and docs/cli.md. */
export const BRIEF: Message = message`The Linux vDSO, from JavaScript`;

/** For `--help` and docs/cli.md. */
export const EXIT_STATUS: Message =
  message`Exit status: 0 if all went well, 1 if what was asked for cannot be had here (the reason is on standard error) or a comparison fails, 2 if the command line is wrong. vdso doctor has its own.`;

const addresses = withDefault(
  flag("--addresses", {
    description:
      message`Show where things are mapped. Left out by default: it gives away the layout of this process's memory.`,
  }),
  false,
);

const summary = object({ command: constant("summary"), json: JSON_FLAG, addresses });

const symbols = command(
  "symbols",
  object({
    command: constant("symbols"),
    unwind: withDefault(
      flag("--unwind", {
        description:
          message`Show the unwind tables instead: how a debugger gets from each instruction to its caller, in the notation of readelf --debug-dump=frames-interp.`,
      }),
      false,
    ),
    json: JSON_FLAG,
  }),
  {
    brief: message`List the functions of the vDSO.`,
    description:
      message`List what the vDSO exports: name, version, size, type, binding and offset of each symbol.`,
  },
);

/** Where something is written: `FILE`, or `--out FILE`. */
const target = or(
  argument(FILE, { description: message`Where to write it; - is standard output.` }),
  option("--out", FILE, { description: message`The same.` }),
  { errors: { noMatch: message`Expected a FILE to write, got none.` } },
);

const dump = command(
  "dump",
  object({ command: constant("dump"), file: target }),
  {
    brief: message`Write the vDSO's image to a file.`,
    description:
      message`Write the whole ELF image, section headers included, to FILE: objdump -d disassembles it, gdb's add-symbol-file takes it.`,
  },
);

const shim = command(
  "shim",
  object({ command: constant("shim"), file: target }),
  {
    brief: message`Write the shim to a file.`,
    description:
      message`Write the shared object that the FFI loads, for bind({ shim: FILE }) under Deno's --allow-ffi=FILE. Programs that have mapped an old one keep it: the new one takes its place, in one step. In Deno it takes no permission but --allow-write=FILE; for that one step, --allow-read and --allow-write of its directory.`,
  },
);

const sources = command(
  "sources",
  object({ command: constant("sources"), json: JSON_FLAG }),
  {
    brief: message`Say which path is live for each entry.`,
    description:
      message`Say for each entry whether the vDSO, the system call or the runtime answers, and by which FFI.`,
  },
);

const now = command(
  "now",
  object({
    command: constant("now"),
    clock: withDefault(
      option("--clock", choice(Object.keys(CLOCK_NAMES), { metavar: "NAME" }), {
        description: message`Which clock; monotonic if left out.`,
      }),
      "monotonic",
    ),
    bigint: withDefault(
      flag("--bigint", { description: message`Exact at any uptime, with JavaScript's n behind.` }),
      false,
    ),
    json: JSON_FLAG,
  }),
  {
    brief: message`Print the time.`,
    description: message`Print nanoseconds of a clock.`,
  },
);

const verify = command(
  "verify",
  object({
    command: constant("verify"),
    duration: withDefault(
      option("--duration", float({ min: 0, max: 86_400, metavar: "SECONDS" }), {
        description: message`How long; 1 if left out.`,
      }),
      1,
    ),
    json: JSON_FLAG,
  }),
  {
    brief: message`Check the vDSO against the system calls.`,
    description:
      message`Check every entry against its system call: times in order, equal resolutions and errors, the same CPU, no constant random numbers. Exit status 1 if a comparison fails. Pinned to one CPU (taskset -c 0 vdso verify) it can compare getcpu every time.`,
  },
);

const grammar = or(
  symbols,
  dump,
  shim,
  sources,
  now,
  verify,
  doctor,
  bench,
  jitter,
  summary,
);

/** What the words after `vdso` can mean. */
export type Command = InferValue<typeof grammar>;

/** Of everything that comes after `vdso`. */
export const GRAMMAR: Parser<"sync", Command, unknown> = grammar;

/** Of nothing at all, which or() does not match. */
export const NO_WORDS: Command = { command: "summary", json: false, addresses: false };
