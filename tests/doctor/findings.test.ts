/** The names of findings, and their order. */
// npm test: node26 (it only computes, on what is made up)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { type Finding, FINDING_IDS, inOrder, type Severity, worst } from "../../doctor/findings.ts";

const finding = (id: Finding["id"], severity: Severity): Finding => ({
  id,
  severity,
  evidence: [],
  meaning: "",
  advice: null,
});

test("FINDING_IDS has each id once", () => {
  assertEquals(new Set(FINDING_IDS).size, FINDING_IDS.length);
});

test("inOrder() has the worst first, and keeps to the order of ids", () => {
  const findings = [
    finding("tai.unset", "information"),
    finding("cpu.steal", "warning"),
    finding("clock.jiffies", "critical"),
    finding("clock.syscall", "warning"),
    finding("check.skipped", "unknown"),
  ];
  assertEquals(inOrder(findings).map(({ id }) => id), [
    "clock.jiffies",
    "clock.syscall",
    "cpu.steal",
    "check.skipped",
    "tai.unset",
  ]);
  assertEquals(worst(findings), "critical");
  assertEquals(worst([]), undefined);
});
