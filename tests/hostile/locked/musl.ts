/** Another C library. */
import { assertMatch } from "@std/assert";
import { inspect, now } from "../../../mod.ts";
import { MUSL_PACKAGES, muslBun, muslTitle } from "../../../scripts/hostile/musl.ts";
import { attempt, output, type Place, type Row } from "../../../scripts/hostile/place.ts";
import { writeAddon } from "../../fixtures/addon_bytes.ts";
import { writeShim } from "../../fixtures/env_run.ts";
import { MUSL_GCC, nativeProgram } from "../../native.ts";
import { inDirectories, PACKAGES, probe, seconds } from "./place.ts";

export const MUSL: Place = {
  name: "locked-musl",
  title: "musl, the C library of Alpine",
  size: "short",
  from: "x64",
  packages: [...PACKAGES, ...MUSL_PACKAGES],
  run: async () => [
    await attempt("C, musl-gcc", loadOnMusl),
    await attempt("C as a host of Node-API, musl-gcc", addonOnMusl),
    await attempt("Bun for musl", async () => {
      const row = await probe(await muslBun(), {});
      return { ...row, runtime: await muslTitle() };
    }),
  ],
};

/** A C program that loads the shim, binds it and holds its answers against system calls. */
async function loadOnMusl(): Promise<Row> {
  const started = now();
  const mappings = await muslLoad(1, 1);
  return {
    runtime: "C, musl-gcc",
    entries: "vDSO",
    cost: seconds(started),
    result: "loaded from a memfd, bound; clocks, EINVAL and random numbers are right; " +
      `${mappings} mappings`,
  };
}

/** npm has no Node for musl: this is what of Node the addon's base takes. */
async function addonOnMusl(): Promise<Row> {
  const started = now();
  const text = await inDirectories((home) =>
    output([nativeProgram("addon_host", ["-rdynamic"], MUSL_GCC), writeAddon(home)])
  );
  assertMatch(text, /^\d+ functions\nfast calls: none\n$/);
  return {
    runtime: "C as a host of Node-API, musl-gcc",
    entries: "system calls",
    cost: seconds(started),
    result: `the addon: ${text.split("\n")[0]}; clocks, EINVAL and random numbers are right`,
  };
}

/** By `native/musl_load.c`, from so many memfds, so many times each; returns the mappings added. */
export function muslLoad(memfds: number, times: number): Promise<number> {
  return inDirectories(async (home) => {
    const program = nativeProgram("musl_load", [], MUSL_GCC);
    const { symbols } = inspect();
    const offsets = ["__vdso_clock_gettime", "__vdso_getrandom"].map((name) =>
      symbols.find((symbol) => symbol.name === name)?.offset ?? 0
    );
    return Number(
      await output([program, writeShim(home), ...[memfds, times, ...offsets].map(String)]),
    );
  });
}
