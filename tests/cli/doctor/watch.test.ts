// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { persistent, Watched, withChange } from "../../../cli/doctor/watch.ts";
import { median } from "../../../bench/median.ts";
import { collectFacts, passingCollector } from "../../../doctor/facts/collect.ts";
import { kernelFiles } from "../../../doctor/facts/files.ts";
import { fillFacts, type PartialFacts } from "../../../doctor/facts/shape.ts";
import {
  type ClockChange,
  examineFacts,
  type Finding,
  type FindingId,
} from "../../../doctor/mod.ts";
import { threadCpuTime } from "../../../mod.ts";
import { command, ROOT, statisticalTest } from "../../support.ts";
import { fakeFiles } from "../../doctor/facts/fake_files.ts";
import { inDirectory } from "../directory.ts";

const timeout = 60_000;

const finding = (id: Finding["id"], severity: Finding["severity"]): Finding => ({
  id,
  severity,
  evidence: [],
  meaning: "",
  advice: null,
});

test("withChange() adds what has come, and withdraws what is over", () => {
  const slow = finding("clock.syscall", "critical");
  const first = examineFacts(fillFacts({ wall: { taiS: 0 } }));
  const worse = withChange(first, { finding: slow, over: false });
  assertEquals(worse.findings.map(({ id }) => id), ["clock.syscall", "tai.unset"]);
  assertEquals(worse.severity, "critical");
  assertEquals(withChange(worse, { finding: slow, over: false }), worse);
  assertEquals(withChange(worse, { finding: slow, over: true }), first);
});

/** What is told, and what then holds, of facts that change. */
function watched(first: PartialFacts, ignore: readonly FindingId[] = []) {
  let facts = fillFacts(first);
  const watched = new Watched(examineFacts(facts, ignore), ignore, () => facts);
  const ids = (changes: readonly ClockChange[]) =>
    changes.map(({ finding: { id, severity }, over }) => `${over ? "-" : "+"}${severity} ${id}`);
  return {
    renew(now: PartialFacts) {
      facts = fillFacts(now);
      return ids(watched.renew());
    },
    take: (id: FindingId, over: boolean) =>
      ids(watched.take({ finding: finding(id, "warning"), over })),
    holds: () => watched.examination.findings.map(({ id }) => id),
    severity: () => watched.examination.severity,
    evidence: () => watched.examination.findings[0]?.evidence[0]?.value,
  };
}

test("a Watched withdraws what has passed of the first examination, and tells what has come", () => {
  const { renew, holds, severity, evidence } = watched({
    cpu: { pressure: 80 },
    wall: { maxerrorUs: 16e6, taiS: 0 },
    measured: { backwards: 0 },
  });
  assertEquals(holds(), ["cpu.pressure", "wall.unsynchronised", "tai.unset"]);
  assertEquals(renew({ cpu: { pressure: 60 }, wall: { maxerrorUs: 100, taiS: 0 } }), [
    "-warning wall.unsynchronised",
  ]);
  assertEquals([holds(), evidence()], [["cpu.pressure", "tai.unset"], 60]);
  assertEquals(renew({ wall: { taiS: 0 } }), ["-warning cpu.pressure"]);
  assertEquals([holds(), severity()], [["tai.unset"], "information"]);
  assertEquals(renew({ wall: { taiS: 37 }, cpu: { steal: 0.2 } }), [
    "+warning cpu.steal",
    "-information tai.unset",
  ]);
});

test("a Watched leaves to onClockChange() what that has told", () => {
  const often = { cpu: { allPeriods: 100, allThrottledPeriods: 50 } };
  const { renew, take, holds, severity } = watched(often);
  assertEquals([holds(), severity()], [["cpu.throttled"], "information"]);
  assertEquals(take("cpu.throttled", false), ["+warning cpu.throttled"]);
  assertEquals([renew(often), severity()], [[], "warning"]);
  assertEquals(take("cpu.throttled", true), []); // it is still so, if not now
  assertEquals(renew(often), ["+information cpu.throttled"]);
  assertEquals(take("wall.slewing", false), ["+warning wall.slewing"]);
  assertEquals(renew({}), ["-information cpu.throttled"]);
  assertEquals(take("wall.slewing", true), ["-warning wall.slewing"]);
  assertEquals(take("wall.slewing", true), []);
  assertEquals(holds(), []);
});

test("a Watched tells nothing of what is to be ignored", () => {
  const { renew, take, holds } = watched({ cpu: { pressure: 80 } }, ["cpu.pressure", "cpu.steal"]);
  assertEquals(renew({ cpu: { steal: 0.5, pressure: 70 } }), []);
  assertEquals(take("cpu.steal", false), []);
  assertEquals(holds(), []);
});

test("a Watched withdraws what the kernel may be asked no more", () => {
  const first = examineFacts(fillFacts({ wall: { maxerrorUs: 16e6 } }));
  const watched = new Watched(first, [], passingCollector(fakeFiles({}), () => ({})));
  const over = watched.renew().filter((change) => change.over).map(({ finding }) => finding.id);
  assertEquals(over, ["wall.unsynchronised"]);
  assertEquals(watched.examination.facts.wall.maxerrorUs, null);
});

/** Reading is 2 to 6 times cheaper than a renewal; were clocks measured in it, 17 to 40 times. */
const MOST_READINGS = 12;

statisticalTest("a Watched costs little more than the files that it reads", {
  timeout,
}, async () => {
  const files = kernelFiles();
  const paths: string[] = [];
  const collect = passingCollector({
    read(path) {
      paths.push(path);
      return files.read(path);
    },
  });
  const watched = new Watched(examineFacts(await collectFacts()), [], collect);
  const [renewing, reading]: [number[], number[]] = [[], []];
  for (let i = 0; i < 20; i++) {
    paths.length = 0;
    const start = threadCpuTime();
    watched.renew();
    const between = threadCpuTime();
    for (const path of paths) files.read(path);
    reading.push(threadCpuTime() - between);
    renewing.push(between - start);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert(median(reading) > 0);
  assertLess(median(renewing) / median(reading), MOST_READINGS);
});

test("a Watched reads no file more than twice", () => {
  const counts = new Map<string, number>();
  const files = fakeFiles({
    "/proc/self/cgroup": "0::/a/b\n",
    "/sys/fs/cgroup/a/b/cpu.stat": "nr_periods 0\nnr_throttled 0\nthrottled_usec 0\n",
    "/sys/fs/cgroup/a/b/cpu.max": "100000 100000\n",
    "/sys/devices/system/cpu/cpu0/cpuidle/state0/latency": "1\n",
  });
  const collect = passingCollector({
    read(path) {
      counts.set(path, (counts.get(path) ?? 0) + 1);
      return files.read(path);
    },
  });
  const watched = new Watched(examineFacts(fillFacts({})), [], collect);
  counts.clear();
  watched.renew();
  assert(counts.size > 0 && Math.max(...counts.values()) <= 2, String([...counts]));
});

test("persistent() says once that a file cannot be written, and tries again", (context) => {
  const said = context.mock.method(console, "error", () => {});
  const works = [false, false, true, false];
  const write = persistent((attempt: number) => {
    if (!works[attempt]) throw new Error(`disk full at ${attempt}`);
  });
  const counts = works.map((_, attempt) => {
    write(attempt);
    return said.mock.callCount();
  });
  assertEquals(counts, [1, 1, 1, 2]);
  assertEquals(said.mock.calls[0]?.arguments as unknown, ["vdso: disk full at 0"]);
});

test("vdso doctor --watch reports, goes on until it is told to end, and writes metrics", {
  timeout,
}, async () => {
  await inDirectory(async (directory) => {
    const file = join(directory, "vdso.prom");
    const words = ["doctor", "--watch", "--interval", "0.1", "--prometheus", file, "--json"];
    const [program = "", ...args] = command(join(ROOT, "cli.ts"), words);
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [output, errors] = ["", ""];
    child.stderr.setEncoding("utf8").on("data", (text: string) => errors += text);
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    await new Promise<void>((resolve) =>
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.includes("\n")) resolve();
      })
    );
    const report = JSON.parse(output.split("\n")[0] ?? "");
    assertMatch(readFileSync(file, "utf8"), /^vdso_clock_user_space [01]$/m);
    rmSync(file);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assertEquals(child.exitCode, null);
    // Not by child.kill(): Deno then takes the signal for what ended it.
    process.kill(child.pid ?? 0, "SIGINT");
    const code = await ended;
    assertEquals(errors, "");
    const lines = output.trim().split("\n").slice(1);
    for (const line of lines) assert(typeof JSON.parse(line).finding.id === "string", line);
    // Without a change in between, nothing is written, and the status is that of the report.
    assertEquals(existsSync(file), lines.length > 0);
    if (lines.length === 0) assertEquals(code, report.status);
  });
});
