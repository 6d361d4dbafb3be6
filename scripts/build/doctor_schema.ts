/**
 * Writes docs/doctor.schema.json, the JSON Schema of what `vdso doctor --json` prints; with --check,
 * compares.
 *
 *   node scripts/setup.mjs scripts/build/doctor_schema.ts [--check]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { STATUS } from "../../cli/doctor/report.ts";
import { sampleFacts } from "../../doctor/facts/shape.ts";
import { FINDING_IDS, SEVERITIES } from "../../doctor/findings.ts";
import { FACTS_VERSION } from "../../doctor/mod.ts";
import { ROOT } from "../runtimes.ts";

const OUTPUT = join(ROOT, "docs/doctor.schema.json");

type Schema = Readonly<Record<string, unknown>>;

/** Every key is there, and there may be more of them one day. */
function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: "object", properties, required };
}

const list = (items: Schema): Schema => ({ type: "array", items });
const text: Schema = { type: "string" };

/** Of a value like this one. */
function like(sample: unknown): Schema {
  if (Array.isArray(sample)) return list(like(sample[0]));
  if (typeof sample !== "object" || sample === null) return { type: typeof sample };
  const { NAME, ...others } = sample as Record<string, unknown>;
  // Names are those of clocks and entries, of which a kernel may have others.
  if (NAME !== undefined) return { type: "object", additionalProperties: like(NAME) };
  return object(
    Object.fromEntries(Object.entries(others).map(([key, value]) => [key, like(value)])),
  );
}

/** Of a group of facts: each of them may be unknown. */
function group(sample: Readonly<Record<string, unknown>>): Schema {
  return object(
    Object.fromEntries(
      Object.entries(sample).map((
        [key, value],
      ) => [key, { anyOf: [like(value), { type: "null" }] }]),
    ),
  );
}

const { version: _, skipped, ...groups } = sampleFacts();
const facts = object({
  version: { const: FACTS_VERSION },
  ...Object.fromEntries(
    Object.entries(groups).map(([name, sample]) => [name, group({ ...sample })]),
  ),
  skipped: like(skipped),
});
const severity: Schema = { enum: SEVERITIES };
const finding = object({
  id: { enum: FINDING_IDS },
  severity,
  evidence: list(
    object({ name: text, value: { type: ["number", "string"] }, unit: text }, ["unit"]),
  ),
  meaning: text,
  advice: { type: ["string", "null"] },
});
const schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "vdso doctor --json",
  ...object({
    version: { const: 1 },
    severity,
    status: { enum: [...new Set(Object.values(STATUS))].sort() },
    findings: list(finding),
    ignored: list({ enum: FINDING_IDS }),
    facts,
  }),
};

const json = `${JSON.stringify(schema, null, 2)}\n`;
if (!process.argv.includes("--check")) {
  writeFileSync(OUTPUT, json);
  console.log(`docs/doctor.schema.json: ${json.length} bytes`);
} else if (readFileSync(OUTPUT, "utf8") !== json) {
  console.error("docs/doctor.schema.json is stale: run npm run docs");
  process.exit(1);
} else {
  console.log("docs/doctor.schema.json is what vdso doctor prints");
}
