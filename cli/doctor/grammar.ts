/**
 * The command line of `vdso doctor`.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple, optional, withDefault } from "@optique/core/modifiers";
import type { InferValue, Parser } from "@optique/core/parser";
import { command, constant, flag, option } from "@optique/core/primitives";
import { choice, float } from "@optique/core/valueparser";
import { FINDING_IDS } from "../../doctor/mod.ts";
import { FILE } from "../file.ts";
import { JSON_FLAG } from "../json_flag.ts";

const id = choice(FINDING_IDS, { metavar: "ID" });

const options = object({
  command: constant("doctor"),
  explain: optional(option("--explain", id, {
    description: message`Print the page of one finding, and examine nothing.`,
  })),
  ignore: multiple(option("--ignore", id, {
    description: message`Silence one finding. May be given several times.`,
  })),
  deep: withDefault(
    flag("--deep", {
      description: message`Move a thread between all pairs of CPUs, for a second longer.`,
    }),
    false,
  ),
  json: JSON_FLAG,
  collect: optional(option("--collect", FILE, {
    description:
      message`Write all that was read and measured to a file, without private data: to attach to an issue.`,
  })),
  from: optional(option("--from", FILE, {
    description: message`Examine what --collect wrote, here or elsewhere.`,
  })),
  watch: withDefault(
    flag("--watch", {
      description:
        message`Go on, and tell what changes and what is over, until SIGINT or SIGTERM. With --json, each change is a line.`,
    }),
    false,
  ),
  interval: optional(option("--interval", float({ min: 0.1, max: 86_400, metavar: "SECONDS" }), {
    description: message`How often --watch looks; 10 if left out.`,
  })),
  prometheus: optional(option("--prometheus", FILE, {
    description:
      message`Write metrics to a file, for the textfile collector of node_exporter. With --watch again at each change, and once a minute.`,
  })),
});

/** What was asked for. */
export type DoctorCommand = InferValue<typeof options>;

/** Of `vdso doctor` and all that comes after it. */
export const doctor: Parser<"sync", DoctorCommand, unknown> = command("doctor", options, {
  brief: message`Say what is wrong with the clocks of this machine, and what to do.`,
  description:
    message`Measure what clocks cost and how they move, read what the kernel says of them and of who else takes CPU time, and say what is wrong, why, and what to do about it on this machine. Takes 1 to 3 seconds. Exit status as monitoring plugins have it: 0 fine, 1 after a warning, 2 after something critical, 3 if what matters could not be told, or the command line is wrong. In Deno it takes --allow-all: without, it says what it could not read.`,
});
