// both tiers: node26 (data in, text out)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { jsonReport, textReport, wrap } from "../../../cli/doctor/report.ts";
import { examineFacts, parseFacts } from "../../../doctor/mod.ts";
import { ROOT } from "../../support.ts";

const PLATFORMS = join(ROOT, "tests/fixtures/platforms");
const platform = (file: string) =>
  examineFacts(parseFacts(readFileSync(join(PLATFORMS, file), "utf8")));

test("wrap() breaks between words, and keeps what follows below the first text", () => {
  assertEquals(wrap("one two three four", 12, "  → "), "  → one two\n    three\n    four");
  assertEquals(wrap("a".repeat(30), 10, "  "), `  ${"a".repeat(30)}`);
  assertEquals(wrap("one", 80), "one");
});

test("textReport() keeps to the width, but for words that are longer", () => {
  for (const file of readdirSync(PLATFORMS)) {
    for (const width of [64, 80, 120]) {
      const lines = textReport(platform(file), [], width).split("\n");
      const tooLong = lines.filter((line) =>
        line.length > width && line.trim().includes(" ") &&
        !/^(machine|clocksource|\S+ {2,})/.test(line)
      );
      assertEquals(tooLong, [], `${file} ${width}`);
    }
  }
});

test("textReport() has figures, meaning, advice, and how to read on", () => {
  const text = textReport(platform("aws_xen.json"), ["tai.unset"], 100);
  assertMatch(text, /^monotonic +596\.0 +580\.0$/m);
  assertMatch(text, /^warning {2}clock\.syscall$/m);
  assertMatch(text, /^ {4}by the system call: 580 ns$/m);
  assertMatch(text, /^ {2}→ As root on the host: echo tsc/m);
  assertMatch(text, /2 warning, 1 information; ignored: tai\.unset\. .*--explain clock\.syscall$/);
  assertMatch(textReport(platform("bare_metal_good.json"), [], 100), /^All is well$/m);
  assertMatch(
    textReport(platform("firecracker_tsc_unstable.json"), [], 99),
    /Nothing is to be done/,
  );
});

test("jsonReport() has a version, the exit status, findings and facts", () => {
  const report = JSON.parse(jsonReport(platform("jiffies.json"), ["tai.unset"]));
  assertEquals(Object.keys(report), [
    "version",
    "severity",
    "status",
    "findings",
    "ignored",
    "facts",
  ]);
  assertEquals([report.version, report.severity, report.status], [1, "critical", 2]);
  assertEquals(report.findings[0].id, "clock.jiffies");
  assertEquals(report.ignored, ["tai.unset"]);
  assert(parseFacts(JSON.stringify(report.facts)).measured.stepNs === 4e6);
});
