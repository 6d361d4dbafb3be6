/** What is measured of servers, and how the parts of the measurement talk. */
import type { RuntimeName } from "../../runtimes.ts";
import type { Machine } from "../machine.ts";

/** How a handler is written, and what calls it. */
export type Style = "synchronous" | "asynchronous" | "Hono" | "node:http";

/** Who counts its requests; `nobody` is what the others are compared with. */
export type Contender =
  | "nobody"
  | "nobody, again"
  | "middleware that does nothing"
  | "@x/vdso/server"
  | "prom-client"
  | "@prometheus-io/client"
  | "OpenTelemetry SDK"
  | "@hono/prometheus";

/** What the promises are about. */
export const PROMISED: readonly Contender[] = ["nobody", "nobody, again", "@x/vdso/server"];

/** A server in the measured process. */
export interface Target {
  readonly style: Style;
  readonly contender: Contender;
  readonly port: number;
}

/** The first line of the measured process. */
export interface Hello {
  readonly version: string;
  readonly targets: readonly Target[];
}

/** Nanoseconds of CPU per request, beyond what the same server takes without anything that counts. */
export interface Added {
  readonly style: Style;
  readonly contender: Contender;
  readonly median: number;
  /** The 95 % confidence interval of the median. */
  readonly from: number;
  readonly to: number;
}

export interface RuntimeResult {
  readonly runtime: RuntimeName;
  readonly version: string;
  /** Of each style, what a request takes in all. */
  readonly base: Readonly<Partial<Record<Style, number>>>;
  readonly added: readonly Added[];
}

export interface Report {
  readonly machine: Machine;
  readonly processes: number;
  readonly rounds: number;
  readonly requests: number;
  /** The servers' CPU, where the client had another. */
  readonly cpu?: number | undefined;
  readonly runtimes: readonly RuntimeResult[];
}
