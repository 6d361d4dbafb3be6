/** Which test file runs in which runtime, and in which order. */
import { globSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Disguise, DISGUISES } from "../../tests/fixtures/disguises.ts";
import { ROOT, type RuntimeCommand, RUNTIMES } from "../runtimes.ts";

/** `npm test`, or `npm run test:full`. */
export type Tier = "quick" | "full";

/** A test file in a runtime. */
export interface Unit {
  readonly runtime: RuntimeCommand;
  /** Below the root. */
  readonly file: string;
  /** As what other machine this one looks; itself if left out. */
  readonly disguise?: Disguise;
}

/** They have commands of their own: test:package and test:hostile. */
const ELSEWHERE = ["tests/package/**", "tests/hostile/**"];

/** The test files of a room, or of all. */
export function testFiles(room = "tests"): string[] {
  return globSync(join(room, "**/*.test.ts"), { cwd: ROOT, exclude: ELSEWHERE }).sort();
}

/** Scripts are started by setup.mjs in this runtime, and in no other. */
const SCRIPTS = { room: "tests/scripts/", runtimes: ["node26"] };
/** Bytes in, data out: the same in every runtime, and in the full tier one of each engine shows it. */
const COMPUTATION = {
  rooms: ["tests/elf/", "tests/doctor/rules/"],
  runtimes: { quick: ["node26"], full: ["bun", "node26"] },
};
/** The reason that other files of that kind give. */
const ONLY_COMPUTES = /^\/\/ npm test: .*\((?:data in, data out|pure computation)\)$/m;
/** Whatever else, the oldest and the newest Node: where a runtime's FFI or engine is what is tested. */
const USUAL = ["deno", "bun", "node22", "node26"];
/** One of each kind, where what is tested is built on that. */
const BUILT_UPON = {
  rooms: ["tests/bench/", "tests/doctor/", "tests/jitter/", "tests/otel/", "tests/server/"],
  runtimes: ["deno", "bun", "node26"],
};
/**
 * In the full tier where the quick one does, and everywhere else, but for what is neither about an FFI nor about what V8 makes of a loop: what
 * those do in Node 24 they do in 22 and in 26. In 26 they are run in disguise, if they tell the time.
 */
const ABOVE = /^tests\/(bench|cli|doctor|jitter|otel|server|whole\/(bench_processes|examples))/;
/** Nor for where the shim comes from: Node 24 loads the addon as 26 does, and koffi as 22. */
const FILES =
  /^tests\/(ffi\/addon|shim\/load\/|whole\/(bundles|environments|permissions|two_copies)\.)/;
/** What tests/cli.test.ts and tests/whole/bench_processes.test.ts show of Node 22 holds for its parts. */
const PARTS_OF_THE_COMMAND = "tests/cli/";
/**
 * A line of another test file that says where it tells something, and why there: in the quick tier, or
 * in both, where it would be the same test in another runtime.
 */
const IN: Readonly<Record<Tier, RegExp>> = {
  quick: /^\/\/ (?:npm test|both tiers): ([\w, ]+?) \(.+\)$/m,
  full: /^\/\/ both tiers: ([\w, ]+?) \(.+\)$/m,
};

/** Whether what it tests takes data and returns data. */
export function onlyComputes(file: string, text = textOf(file)): boolean {
  return COMPUTATION.rooms.some((room) => file.startsWith(room)) || ONLY_COMPUTES.test(text);
}

/** The names of the runtimes in which a file of this path and text is run. */
export function runtimesOf(file: string, text: string, tier: Tier): readonly string[] {
  const names = RUNTIMES.map(({ name }) => name);
  if (file.startsWith(SCRIPTS.room)) return SCRIPTS.runtimes;
  if (onlyComputes(file, text)) return COMPUTATION.runtimes[tier];
  const builtUpon = BUILT_UPON.rooms.some((room) => file.startsWith(room));
  const quick = IN.quick.exec(text)?.[1]?.split(", ") ?? (builtUpon ? BUILT_UPON.runtimes : USUAL);
  const full = names.filter((name) => {
    if (ABOVE.test(file) && name === "node26" && quick.includes(name)) {
      return !tellsTime(file, text);
    }
    if (quick.includes(name)) return true;
    if (name === "node24") return !ABOVE.test(file) && !FILES.test(file);
    return name !== "node22" || !file.startsWith(PARTS_OF_THE_COMMAND);
  });
  const wanted = tier === "quick" ? quick : IN.full.exec(text)?.[1]?.split(", ") ?? full;
  const unknown = wanted.find((name) => !(names as string[]).includes(name));
  if (unknown) throw new Error(`${file}: Expected runtimes of ${names.join(", ")}, got ${unknown}`);
  return wanted;
}

function textOf(file: string): string {
  return readFileSync(resolve(ROOT, file), "utf8");
}

/**
 * The units of these files. Runtimes that somebody asks for are taken for every file.
 *
 * @param asked names of runtimes, or undefined for those where each file tells something
 */
export function planUnits(
  files: readonly string[],
  asked: readonly string[] | undefined,
  tier: Tier,
): Unit[] {
  const unknown = asked?.find((name) => !RUNTIMES.some((runtime) => runtime.name === name));
  if (unknown !== undefined) {
    const names = RUNTIMES.map(({ name }) => name).join(", ");
    throw new RangeError(`Expected --runtimes to be of ${names}, got ${unknown}`);
  }
  return files.flatMap((file) => {
    const wanted = asked ?? runtimesOf(file, textOf(file), tier);
    return RUNTIMES.filter(({ name }) => wanted.includes(name))
      .map((runtime) => ({ runtime, file }));
  });
}

/** Tests of what asks for the time, or prints what the machine is: not of processes, files and words. */
const DISGUISED = /^tests\/((core|doctor|bench|jitter|cli)\/|cli\.|whole\/(docs|examples\w*)\.)/;
const TIMELESS = new RegExp(
  String.raw`^tests/(core/(cpu|inspect|random)|bench/(declare|globals|sampler)|jitter/affinity` +
    String.raw`|cli/(bunx|parse|shim|standard_output|write_file)` +
    String.raw`|cli/bench/(advice|child|package_scope|command/\w+))\.`,
);

/** Whether it is run on this machine in the looks of others, too. */
function tellsTime(file: string, text = textOf(file)): boolean {
  return DISGUISED.test(file) && !TIMELESS.test(file) && !onlyComputes(file, text);
}

const COUNTER = "tests/core/ticks.";
const ONCE = ["deno", "node26"];
/** It starts in a third of their time, and is told the same by the kernel's files. */
const ELSE = "bun";

/**
 * The units of these files on this machine in the looks of others, for the full tier. Each file once in
 * Deno and once in Node, from file to file in another disguise, and in Bun in all others; what tests the
 * counter always in Deno, too, which may read less of the kernel's files than others. In the
 * size of the quick tier, and what only computes not at all: it is the machine that differs.
 */
export function planDisguises(files: readonly string[], disguises = DISGUISES): Unit[] {
  const asking = files.filter((file) => tellsTime(file));
  const units = planUnits(asking, undefined, "quick");
  return disguises.flatMap((disguise, i) =>
    asking.flatMap((file, j) => {
      const possible = units.filter((unit) =>
        unit.file === file && [...ONCE, ELSE].includes(unit.runtime.name)
      );
      const inTurn = ONCE[(i + j) % disguises.length] ?? ELSE;
      const turn = possible.find(({ runtime }) => runtime.name === inTurn) ??
        possible[(i + j) % possible.length];
      return possible.filter((unit) =>
        unit === turn || (file.startsWith(COUNTER) && unit.runtime.name === "deno")
      ).map((unit) => ({ ...unit, disguise }));
    })
  );
}

/**
 * Rooms whose tests leave a process as they found it: they neither bind in ways of their own, nor kill it.
 */
const ORDERLY = /^tests\/(bench|cli|doctor|elf|jitter|otel|scripts|server)\//;

/** Not where a helper declares the tests: Node says that they are the helper's. */
function sharesProcess(file: string, text = textOf(file)): boolean {
  return (ORDERLY.test(file) || onlyComputes(file, text)) && !text.includes("statisticalTest(");
}

/** Where reports say of which file a test is: not in Node 22. */
const SHARING: readonly string[] = ["node24", "node26"];

/** What one process runs: units of one runtime, on a machine of one look. */
export type Group = [Unit, ...Unit[]];

/**
 * So many files at most share a process, and those of so many seconds: one that dies takes the others'
 * results along, and one that takes long keeps the others waiting.
 */
const MOST_TOGETHER = { files: 16, seconds: 8 };

/**
 * The processes for these units, in their order. Node takes longer to start, and to load what it tests,
 * than most files run: there those of orderly rooms share one. All others have their own.
 */
export function shareProcesses(units: readonly Unit[], durations: Durations = {}): Group[] {
  const groups: Group[] = [];
  const open = new Map<string, { group: Group; seconds: number }>();
  for (const unit of units) {
    const { runtime, file, disguise } = unit;
    const mayShare = SHARING.includes(runtime.name) && sharesProcess(file);
    const key = `${runtime.name} ${disguise?.name ?? ""}`;
    const shared = mayShare ? open.get(key) : undefined;
    const seconds = expected(unit, durations);
    if (
      shared && shared.group.length < MOST_TOGETHER.files &&
      shared.seconds + seconds <= MOST_TOGETHER.seconds
    ) {
      shared.group.push(unit);
      shared.seconds += seconds;
      continue;
    }
    const group: Group = [unit];
    groups.push(group);
    if (mayShare) open.set(key, { group, seconds });
  }
  return groups;
}

/** Seconds by {@link unitKey}. */
export type Durations = Readonly<Record<string, number>>;

export function unitKey({ runtime, file, disguise }: Unit): string {
  return `${runtime.name} ${file}${disguise ? ` (looks like ${disguise.name})` : ""}`;
}

/** Longest first, or a long one would run last and alone. */
export function longestFirst(units: readonly Unit[], durations: Durations): Unit[] {
  const seconds = new Map(units.map((unit) => [unit, expected(unit, durations)]));
  return units.toSorted((a, b) => (seconds.get(b) ?? 0) - (seconds.get(a) ?? 0));
}

/** As in the last run; else as in another runtime; else by the file's size, roughly. */
function expected(unit: Unit, durations: Durations): number {
  const known = durations[unitKey(unit)] ??
    Math.max(
      ...RUNTIMES.map((runtime) => durations[unitKey({ runtime, file: unit.file })] ?? 0),
    );
  return known || statSync(resolve(ROOT, unit.file)).size / 5000;
}
