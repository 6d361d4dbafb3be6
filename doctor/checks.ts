/**
 * The checks of the vDSO: every interface that vdsotest(1) knows, and more.
 *
 * @module
 */
import {
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_REALTIME,
  CLOCK_REALTIME_COARSE,
  clockGetres,
  clockGettime,
  type EntryName,
  gettimeofday,
  time,
} from "../mod.ts";
import { CLOCK_NAMES } from "./clock_names.ts";
import {
  both,
  type Comparison,
  equal,
  micros,
  normalized,
  notAhead,
  notConstant,
  ordered,
  sameCpu,
  sameErrors,
  settable,
} from "./comparisons.ts";
import { hop } from "./hop.ts";
import { syscalls } from "./syscalls.ts";

/** A comparison that is made again and again. */
export interface Check {
  /** `"clock_gettime monotonic"` */
  readonly name: string;
  /** Which entry of the vDSO it asks. */
  readonly entry: EntryName;
  readonly compare: Comparison;
}

/** Those that somebody can set. */
const SETTABLE = ["realtime", "realtime-coarse", "tai"];

/** CPU clocks have nothing in the vDSO, and go on while they are read. */
const CLOCKS = Object.entries(CLOCK_NAMES).filter(([name]) => !name.endsWith("cputime"));

/** Every interface that vdsotest knows, and time, getrandom, bad ids, and coarse against fine. */
export function checks(): Check[] {
  return [...clockChecks(), ...otherChecks()];
}

function clockChecks(): Check[] {
  return [
    ...CLOCKS.map(([name, id]): Check => {
      const inOrder = ordered(() => clockGettime(id), () => syscalls.clockGettime(id));
      return {
        name: `clock_gettime ${name}`,
        entry: "clock_gettime",
        compare: both(
          SETTABLE.includes(name) ? settable(inOrder) : inOrder,
          normalized("clock_gettime", id),
        ),
      };
    }),
    ...CLOCKS.map(([name, id]): Check => ({
      name: `clock_getres ${name}`,
      entry: "clock_getres",
      compare: both(
        equal(() => clockGetres(id), () => syscalls.clockGetres(id)),
        normalized("clock_getres", id),
      ),
    })),
    {
      name: "clock_gettime bad ids",
      entry: "clock_gettime",
      compare: sameErrors(clockGettime, syscalls.clockGettime),
    },
    {
      name: "clock_getres bad ids",
      entry: "clock_getres",
      compare: sameErrors(clockGetres, syscalls.clockGetres),
    },
    {
      name: "monotonic-coarse behind fine",
      entry: "clock_gettime",
      compare: notAhead(CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC),
    },
    {
      name: "realtime-coarse behind fine",
      entry: "clock_gettime",
      compare: settable(notAhead(CLOCK_REALTIME_COARSE, CLOCK_REALTIME)),
    },
    ...CLOCKS.filter(([name]) => /^(monotonic|boottime)/.test(name)).map(([name, id]): Check => ({
      name: `${name} across CPUs`,
      entry: "clock_gettime",
      compare: hop(() => clockGettime(id)),
    })),
  ];
}

function otherChecks(): Check[] {
  return [
    {
      name: "gettimeofday",
      entry: "gettimeofday",
      compare: both(
        settable(ordered(() => micros(gettimeofday()), () => micros(syscalls.gettimeofday()))),
        normalized("gettimeofday"),
      ),
    },
    { name: "time", entry: "time", compare: settable(ordered(time, syscalls.time)) },
    { name: "getcpu", entry: "getcpu", compare: sameCpu },
    { name: "getrandom", entry: "getrandom", compare: notConstant() },
  ];
}
