/**
 * The shape of {@link Facts}: what a file of them is checked against, and facts of which nothing is
 * known.
 *
 * @module
 */
import { show } from "../../core/internals.ts";
import { type Facts, FACTS_VERSION } from "./types.ts";

/** Of a leaf: whether a value that is not null fits, what it should be, and one that is so. */
interface Leaf<T> {
  readonly expected: string;
  readonly sample: unknown;
  readonly fits: (value: unknown) => value is T;
}

/** A group of facts as their leaves. */
type Shape<T> = { readonly [K in keyof T]: Leaf<NonNullable<T[K]>> };
type Shapes = { readonly [K in Exclude<keyof Facts, "version" | "skipped">]: Shape<Facts[K]> };

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);

const text: Leaf<string> = { expected: "a string", sample: "text", fits: isText };
const number: Leaf<number> = { expected: "a number", sample: 1, fits: isNumber };
const flag: Leaf<boolean> = {
  expected: "true or false",
  sample: true,
  fits: (value) => typeof value === "boolean",
};
const texts: Leaf<readonly string[]> = {
  expected: "a list of strings",
  sample: ["text"],
  fits: (value): value is string[] => Array.isArray(value) && value.every(isText),
};

function record<T>(expected: string, sample: T, fits: (value: unknown) => value is T) {
  return {
    expected: `an object of ${expected}`,
    sample: { NAME: sample },
    fits: (value: unknown): value is Record<string, T> =>
      isObject(value) && Object.values(value).every(fits),
  };
}

const costs = record(
  "{ nativeNs, syscallNs }",
  { nativeNs: 1, syscallNs: 1 },
  (value): value is { nativeNs: number; syscallNs: number } =>
    isObject(value) && isNumber(value["nativeNs"]) && isNumber(value["syscallNs"]),
);

const SHAPES: Shapes = {
  runtime: { name: text, version: text, eluIsStub: flag },
  machine: {
    arch: text,
    kernel: text,
    cpu: text,
    cpus: number,
    flags: texts,
    invariant: flag,
    hypervisor: text,
    vendor: text,
    product: text,
    places: texts,
  },
  process: { seccomp: number, traced: flag },
  clocksource: { current: text, available: texts, parameters: texts, log: texts },
  vdso: {
    ffi: text,
    mapped: flag,
    entries: record("strings", "vdso", isText),
    reason: text,
    vsyscall: text,
  },
  measured: {
    clocks: costs,
    entries: costs,
    runtimeNs: record("numbers", 1, isNumber),
    nullSyscallNs: number,
    stepNs: number,
    coarseNs: number,
    hops: number,
    backwards: number,
    backwardsFirst: text,
  },
  counter: {
    instruction: text,
    trust: text,
    refusal: text,
    hz: number,
    costNs: number,
    jumps: number,
  },
  cpu: {
    windowNs: number,
    cgroup: number,
    quotaCpus: number,
    periods: number,
    throttledPeriods: number,
    throttledNs: number,
    allPeriods: number,
    allThrottledPeriods: number,
    pressure: number,
    steal: number,
    runDelayNs: number,
    governor: text,
    idleLatencyUs: number,
  },
  wall: {
    state: number,
    status: number,
    maxerrorUs: number,
    freqPpm: number,
    tickUs: number,
    taiS: number,
    rtcS: number,
  },
  vm: { vmclock: flag, ptp: texts },
  time: {
    uptimeS: number,
    suspendedS: number,
    monotonicOffsetS: number,
    boottimeOffsetS: number,
  },
};

/** Some facts: whole groups, or single ones of them, may be missing. */
export type PartialFacts =
  & { readonly [K in keyof Shapes]?: Partial<Facts[K]> }
  & { readonly skipped?: Facts["skipped"] };

/** All facts: null where `known` has none. */
export function fillFacts(known: PartialFacts): Facts {
  const groups = Object.entries(SHAPES).map(([name, shape]) => [
    name,
    {
      ...Object.fromEntries(Object.keys(shape).map((key) => [key, null])),
      ...known[name as keyof Shapes],
    },
  ]);
  return {
    version: FACTS_VERSION,
    ...Object.fromEntries(groups),
    skipped: known.skipped ?? [],
  } as Facts;
}

/** Facts of which all are known, with any values: what the documentation of their keys is made of. */
export function sampleFacts(): Facts {
  const known = Object.entries(SHAPES).map(([name, shape]) => [
    name,
    Object.fromEntries(Object.entries(shape).map(([key, { sample }]) => [key, sample])),
  ]);
  const skipped = [{ check: "clocksource", reason: "why" }];
  return fillFacts({ ...Object.fromEntries(known), skipped } as PartialFacts);
}

/**
 * Facts out of JSON: of `--collect`, or in what `--json` prints. What is missing is not known; what
 * nobody knows here is left out.
 *
 * @throws {SyntaxError} if the text is no JSON
 * @throws {TypeError} if it is something else than facts
 * @throws {RangeError} if they are of another version
 */
export function parseFacts(json: string): Facts {
  const whole: unknown = JSON.parse(json);
  const value = isObject(whole) && isObject(whole["facts"]) ? whole["facts"] : whole;
  if (!isObject(value)) {
    throw new TypeError(`Expected the facts to be an object, got ${show(value)}`);
  }
  if (value["version"] !== FACTS_VERSION) {
    const { version } = value;
    const error = typeof version === "number" ? RangeError : TypeError;
    throw new error(`Expected the facts' \`version\` to be ${FACTS_VERSION}, got ${show(version)}`);
  }
  // Of nothing at all the doctor would say that all is well.
  const keys = [...Object.keys(SHAPES), "skipped"];
  if (!keys.some((key) => key in value)) {
    throw new TypeError(`Expected the facts to have some of ${keys.join(", ")}, got none`);
  }
  const known: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(SHAPES)) {
    const group = value[name] ?? {};
    if (!isObject(group)) {
      throw new TypeError(`Expected \`${name}\` to be an object, got ${show(group)}`);
    }
    known[name] = Object.fromEntries(
      Object.entries(shape).map((
        [key, leaf],
      ) => [key, checkLeaf(`${name}.${key}`, leaf, group[key])]),
    );
  }
  return fillFacts({ ...known, skipped: checkSkipped(value["skipped"] ?? []) });
}

function checkLeaf(name: string, { expected, fits }: Leaf<unknown>, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (fits(value)) return value;
  throw new TypeError(`Expected \`${name}\` to be ${expected}, got ${show(value)}`);
}

function checkSkipped(value: unknown): Facts["skipped"] {
  const fits = Array.isArray(value) &&
    value.every((item) => isObject(item) && isText(item["check"]) && isText(item["reason"]));
  if (!fits) {
    throw new TypeError(
      `Expected \`skipped\` to be a list of { check, reason }, got ${show(value)}`,
    );
  }
  return value.map(({ check, reason }) => ({ check, reason }));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
