/** System calls that a filter denies. */
import { assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { now } from "../../../mod.ts";
import { type Place, type Row, runtimeTitle } from "../../../scripts/hostile/place.ts";
import type { RuntimeCommand } from "../../../scripts/runtimes.ts";
import { type ClockReading, readClocks } from "../../fixtures/env_clocks.ts";
import { assertSameClocks } from "../../fixtures/env_compare.ts";
import { returned, thrown } from "../../fixtures/env_run.ts";
import { denying } from "../../launchers.ts";
import { expectedSources } from "../../support.ts";
import { describeEntries, hostExpectation } from "../expectation.ts";
import { denyLater, onRuntimeClock, place, probe, seconds, steps, VDSO_CLOCKS } from "./place.ts";

const ERRORS = ["EPERM", "ENOSYS"] as const;

export const SECCOMP = ERRORS.flatMap((error): Place[] => [
  place(
    `memfd_create-${error}`,
    `A filter answers memfd_create(2) with ${error}`,
    (runtime) => probe(runtime, { launcher: denying(`memfd_create:${error}`) }),
  ),
  place(
    `clock_gettime-${error}`,
    `A filter answers clock_gettime(2) with ${error}`,
    (runtime) => withoutClockGettime(runtime, error),
  ),
  place(
    `getrandom-${error}`,
    `A filter, once it has started, answers getrandom(2) with ${error}`,
    (runtime) => {
      const failures = [
        new RegExp(`^getrandom threw VdsoError: getrandom\\(64 bytes, 0\\) failed: ${error}$`),
      ];
      return probe(runtime, { locks: [denyLater(`getrandom:${error}`)] }, { failures });
    },
  ),
  place(
    `mmap_droppable-${error}`,
    `A filter, once it has started, answers mmap(2) of droppable memory with ${error}`,
    (runtime) => {
      const hasGetrandom = expectedSources.entries.getrandom === "vdso";
      return probe(runtime, { locks: [denyLater(`mmap_droppable:${error}`)] }, {
        ...(hasGetrandom && { reason: /The vDSO's getrandom has no memory for its state$/ }),
        vdso: hostExpectation().vdso.filter((entry) => entry !== "getrandom"),
      });
    },
  ),
  place(
    `mmap_exec_file-${error}`,
    `A filter, once it has started, answers executable mmap(2) of files with ${error}`,
    (runtime) =>
      onRuntimeClock(
        runtime,
        { locks: [denyLater(`mmap_exec_file:${error}`)] },
        /failed to map segment from shared object/,
      ),
  ),
]);

/** The clocks that the vDSO answers itself are right; the others say what the kernel says. */
async function withoutClockGettime(
  runtime: RuntimeCommand,
  error: typeof ERRORS[number],
): Promise<Row> {
  const started = now();
  const launcher = denying(`clock_gettime:${error}`);
  const before = readClocks();
  const [sources, clocks, time] = await steps(runtime, { launcher }, ["sources", "clocks", "now"]);
  const after = readClocks();
  assertGreaterOrEqual(returned(time), started);
  assertLessOrEqual(returned(time), now());
  assertEquals(returned(sources).entries, expectedSources.entries);
  const [readable, denied] = partition(returned(clocks), ({ clock }) => VDSO_CLOCKS.has(clock));
  const those = (readings: readonly ClockReading[]) =>
    readings.filter(({ clock }) => VDSO_CLOCKS.has(clock) || clock === NO_CLOCK);
  assertEquals(readable.length, VDSO_CLOCKS.size);
  const invalid = before.filter(({ clock }) => clock === NO_CLOCK);
  assertSameClocks(those(before), [...readable, ...invalid], those(after));
  for (const { clock, time } of denied) {
    assertEquals([thrown(time).name, thrown(time).code], ["VdsoError", error], `clock ${clock}`);
  }
  return {
    runtime: await runtimeTitle(runtime),
    entries: describeEntries(hostExpectation().vdso),
    cost: seconds(started),
    result: `${readable.length} clocks right, ${denied.length} say ${error}`,
  };
}

const NO_CLOCK = 12;

function partition<T>(all: readonly T[], belongs: (one: T) => boolean): [T[], T[]] {
  return [all.filter(belongs), all.filter((one) => !belongs(one))];
}
