/**
 * `vdso doctor`: what is wrong with the clocks of this machine.
 *
 * @module
 */
import process from "node:process";
import {
  type Examination,
  examine,
  examineFacts,
  type Facts,
  parseFacts,
} from "../../doctor/mod.ts";
import { printMetrics } from "./metrics.ts";
import { watchClocks } from "./watch.ts";
import { print } from "../standard_output.ts";
import { readText } from "../file_error.ts";
import { bold, toJson } from "../output.ts";
import { UsageError } from "../usage.ts";
import { terminalWidth } from "../width.ts";
import { checkWritable, isStandardOutput, writeWhole } from "../write_file.ts";
import type { DoctorCommand } from "./grammar.ts";
import { PAGES } from "./pages.ts";
import { jsonReport, STATUS, textReport } from "./report.ts";

/** What it comes to. */
interface Outcome {
  readonly text: string;
  readonly ok: boolean;
  readonly status: 0 | 1 | 2 | 3;
}

/** Examines, or explains. */
export async function doctorCommand(command: DoctorCommand): Promise<Outcome> {
  const { explain, ignore, deep, json, collect, from, watch, interval, prometheus } = command;
  if (explain !== undefined) {
    return { text: `${bold(explain)}\n\n${PAGES[explain]}`, ok: true, status: 0 };
  }
  checkOptions(command);
  const keep = (examination: Examination) => {
    if (prometheus !== undefined) writeWhole(prometheus, printMetrics(examination), READABLE);
  };
  // Before the seconds that it takes.
  for (const file of [collect, prometheus]) if (file !== undefined) checkWritable(file);
  const examination = from === undefined
    ? await examine({ deep, ignore })
    : examineFacts(readFacts(from), ignore);
  keep(examination);
  const status = STATUS[examination.severity];
  if (collect !== undefined) {
    writeWhole(collect, `${toJson(examination.facts)}\n`);
  }
  const text = [collect, prometheus].some((file) => file !== undefined && isStandardOutput(file))
    ? ""
    : json
    ? jsonReport(examination, ignore)
    : textReport(examination, ignore, terminalWidth(process.stdout));
  if (!watch) return { text, ok: status === 0, status };
  print(json ? `${JSON.stringify(JSON.parse(text))}\n` : `${text}\n\n`);
  const intervalMs = (interval ?? INTERVAL_S) * 1000;
  const { severity } = await watchClocks(examination, { intervalMs, json, ignore, keep });
  return { text: "", ok: severity === "information", status: STATUS[severity] };
}

const INTERVAL_S = 10;

/** Another user's exporter reads it. */
const READABLE = { mode: 0o644 };

function checkOptions({ from, deep, collect, watch, interval, prometheus }: DoctorCommand): void {
  const notWith = (option: string, others: Readonly<Record<string, boolean>>) => {
    const other = Object.keys(others).find((name) => others[name]);
    if (other !== undefined) throw new UsageError(`Expected ${option} or ${other}, got both`);
  };
  if (from !== undefined) {
    notWith("--from", { "--deep": deep, "--collect": collect !== undefined, "--watch": watch });
  }
  if (watch) {
    const isOutput = (file: string | undefined) => file !== undefined && isStandardOutput(file);
    notWith("--watch", {
      "--collect -": isOutput(collect),
      "--prometheus -": isOutput(prometheus),
    });
  }
  if (interval !== undefined && !watch) throw new UsageError("Expected --watch with --interval");
}

function readFacts(file: string): Facts {
  try {
    return parseFacts(readText(file));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`${file} is no JSON`, { cause: error });
    if (error instanceof TypeError || error instanceof RangeError) {
      throw new Error(`${file} holds no facts of vdso doctor: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
