/**
 * Where benchmarks are measured: this process.
 *
 * @module
 */
import process from "node:process";
import { detectRuntime } from "../core/internals.ts";
import { findClocks, measureClock } from "./clock.ts";
import { tellsCollections } from "./collections.ts";
import { watch } from "./disturbance.ts";
import { measureBaseline } from "./engine.ts";
import type { BaselineKey, Environment } from "./subject.ts";
import type { Baseline, RunResult } from "./types.ts";

let shared: Environment | undefined;

/** Baselines are measured once in each process. */
export function environment(): Environment {
  if (shared) return shared;
  const baselines = new Map<string, Promise<Baseline>>();
  const env = {
    clocks: findClocks(),
    watch,
    prepare: tellsCollections,
    // Anew for each benchmark: where koffi calls, a reading costs more the longer the process runs.
    quality: measureClock,
  };
  return shared = {
    ...env,
    baseline(like: BaselineKey) {
      const key = `${like.mode} ${like.async}`;
      const known = baselines.get(key) ?? measureBaseline(like, env);
      baselines.set(key, known);
      return known;
    },
  };
}

/** The runtime, as results name it. */
export function thisRuntime(): RunResult["runtime"] {
  const name = detectRuntime();
  const versions = process.versions as Readonly<Record<string, string | undefined>>;
  return { name, version: versions[name] ?? "" };
}
