/** What `vdso doctor --json` prints is what docs/doctor.schema.json says, here and elsewhere. */
// both tiers: node26 (the schema is the same in all)
import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { jsonReport } from "../../cli/doctor/report.ts";
import { examineFacts, parseFacts } from "../../doctor/mod.ts";
import { ROOT, run } from "../support.ts";

const PLATFORMS = join(ROOT, "tests/fixtures/platforms");
const schema = JSON.parse(readFileSync(join(ROOT, "docs/doctor.schema.json"), "utf8"));
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

/** What is printed of a platform's facts. */
function reportOf(platform: string): Record<string, unknown> {
  const facts = parseFacts(readFileSync(join(PLATFORMS, platform), "utf8"));
  return JSON.parse(jsonReport(examineFacts(facts), []));
}

const timeout = 120_000;

test("vdso doctor --json prints what the schema says", { timeout }, () => {
  const { stdout, stderr } = run("cli.ts", ["doctor", "--json", "--ignore", "tai.unset"]);
  assertEquals(stderr, "");
  for (const one of [JSON.parse(stdout), ...readdirSync(PLATFORMS).map(reportOf)]) {
    validate(one);
    assertEquals(validate.errors ?? [], []);
  }
});

test("the schema refuses what vdso doctor does not print", { timeout }, () => {
  const good = reportOf("aws_xen.json");
  assert(validate(good));
  const { status: _, ...withoutStatus } = good;
  const wrong: unknown[] = [
    withoutStatus,
    { ...good, version: 2 },
    { ...good, severity: "bad" },
    { ...good, findings: [{ id: "clock.nothing" }] },
    { ...good, facts: { ...good["facts"] as object, cpu: { steal: "much" } } },
    { ...good, facts: {} },
  ];
  for (const one of wrong) assert(!validate(one), JSON.stringify(one).slice(0, 200));
});
