/** Permissions of Deno and Node. */
import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { copyFileSync } from "node:fs";
import { basename, join } from "node:path";
import { now } from "../../../mod.ts";
import { attempt, type Place, type Row, runtimeTitle } from "../../../scripts/hostile/place.ts";
import { type RuntimeCommand, RUNTIMES } from "../../../scripts/runtimes.ts";
import { readClocks } from "../../fixtures/env_clocks.ts";
import { assertRuntimeClock, assertSameClocks, CLOCK_STEPS } from "../../fixtures/env_compare.ts";
import { HOST_IMAGE, returned, thrown, writeShim } from "../../fixtures/env_run.ts";
import { nativeProgram } from "../../native.ts";
import { expectedSources } from "../../support.ts";
import { describeEntries, hostExpectation } from "../expectation.ts";
import {
  type Confinement,
  inDirectories,
  onRuntimeClock,
  PACKAGES,
  place,
  probe,
  seconds,
  steps,
} from "./place.ts";

// ---- Deno's permissions ----

const FILE = "FILE";
/** What may be granted and denied; FILE stands for the shim's own, `.` has strangers' files. */
const GRANTS = ["", `--allow-ffi=${FILE}`, "--allow-ffi=.", "--allow-ffi", "--allow-all"];
const DENIALS = ["", `--deny-ffi=${FILE}`, "--deny-ffi=/no/such/library.so", "--deny-ffi"];

export const DENO_PLACES: readonly Place[] = GRANTS.flatMap((grant) =>
  DENIALS.map((denial): Place => {
    const granted = [grant, denial].filter(Boolean);
    const name = granted.map((option) => option.slice(2)).join("-").replace(/[^\w-]+/g, "-");
    return {
      name: `locked-deno-${name || "nothing"}`,
      title: `Deno on a terminal, among planted libraries, with ${granted.join(" ") || "no grant"}`,
      size: "short",
      packages: PACKAGES,
      run: () => visitDeno(grant, denial),
    };
  })
);

/** Without and with `bind({ shim: FILE })`. */
async function visitDeno(grant: string, denial: string): Promise<readonly Row[]> {
  // A partial grant is none for a bare name; FILE has to be granted, and not denied.
  const everything = grant === "--allow-ffi" || grant === "--allow-all";
  const byName = everything && denial === "";
  // Deno's rule: what names the file goes before what names none.
  const byFile = !denial.endsWith(FILE) &&
    (grant.endsWith(FILE) || (everything && denial !== "--deny-ffi"));
  const rows: Row[] = [];
  for (const deno of RUNTIMES.filter(({ name }) => name === "deno")) {
    for (const [binds, expectVdso] of [[false, byName], [true, byFile]] as const) {
      const visit = () => amongStrangers(deno, [grant, denial], binds, expectVdso);
      rows.push(await attempt(await runtimeTitle(deno), visit));
    }
  }
  return rows;
}

function amongStrangers(
  deno: RuntimeCommand,
  granted: readonly string[],
  binds: boolean,
  expectVdso: boolean,
): Promise<Row> {
  return inDirectories(async (home, cwd) => {
    const started = now();
    // A planted library ends the process with an exit code of its own.
    const planted = nativeProgram("env_planted", ["-shared", "-fPIC"]);
    for (const name of ["libc.so.6", basename(HOST_IMAGE.soname)]) {
      copyFileSync(planted, join(cwd, name));
    }
    const file = writeShim(home);
    const where: Confinement = {
      // Ends with one, too, as soon as anybody is asked.
      launcher: [nativeProgram("terminal"), "Allow?"],
      options: ["run", "--no-check", "--quiet", ...granted.filter(Boolean)]
        .map((option) => option.replace(`=${FILE}`, `=${file}`)),
      cwd,
    };
    const first = binds ? `bind ${JSON.stringify({ shim: file })}` as const : "sources";
    const before = readClocks();
    const [bound, clocks, ...outcomes] = await steps(deno, where, [
      first,
      "clocks",
      ...CLOCK_STEPS,
    ]);
    if (expectVdso) {
      const [sources, time] = outcomes;
      returned(bound);
      assertEquals(returned(sources), { ffi: "deno", timeline: "machine", ...expectedSources });
      assertSameClocks(before, returned(clocks), readClocks());
      assertGreaterOrEqual(returned(time), started);
      assertLessOrEqual(returned(time), now());
    } else {
      if (binds) assertEquals(thrown(bound).name, "UnsupportedError");
      assertRuntimeClock(outcomes, "context", WITHOUT_GRANT, started);
    }
    return {
      runtime: await runtimeTitle(deno),
      entries: expectVdso ? describeEntries(hostExpectation().vdso) : "the runtime's clock",
      cost: seconds(started),
      result: `${binds ? "bind({ shim: FILE })" : "now()"}: values right, no question, no stranger`,
    };
  });
}

const WITHOUT_GRANT = /^Deno grants no FFI to /;

// ---- Node's permissions ----

const PERMISSION = ["--permission", "--allow-fs-read=*", "--disable-warning=SecurityWarning"];
const NODES = RUNTIMES.filter(({ name }) => name.startsWith("node"));
const NODES_WITH_FFI = NODES.filter(({ name }) => name !== "node22" && name !== "node24");

export const NODE_PLACES: readonly Place[] = [
  place(
    "node-nothing",
    "Node with --permission",
    (node) => onRuntimeClock(node, { options: PERMISSION }, /addons is disabled/),
    NODES,
  ),
  ...[
    { permits: ["--allow-addons"], nodes: NODES },
    { permits: ["--allow-ffi"], nodes: NODES_WITH_FFI },
    { permits: ["--allow-addons", "--allow-ffi"], nodes: NODES_WITH_FFI },
  ].map(({ permits, nodes }) =>
    place(
      `node-${permits.map((option) => option.slice(2)).join("-")}`,
      `Node with --permission ${permits.join(" ")}`,
      (node) => probe(node, { options: [...PERMISSION, ...permits] }),
      nodes,
    )
  ),
];
