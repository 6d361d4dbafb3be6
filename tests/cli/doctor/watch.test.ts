// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { withChange } from "../../../cli/doctor/watch.ts";
import { fillFacts } from "../../../doctor/facts/shape.ts";
import { examineFacts, type Finding } from "../../../doctor/mod.ts";
import { command, ROOT } from "../../support.ts";
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
