/** The doctor, on this machine and on facts of others. */
// npm test: bun, node26 (one of each engine)
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { clockCost, examine, examineFacts, FINDING_IDS, parseFacts } from "../../doctor/mod.ts";
import { sources } from "../../mod.ts";
import { ROOT, runtime } from "../support.ts";

/** Facts of a platform, as a file for --from, and what they must come to. */
interface Platform {
  readonly title: string;
  /** Where it was told. */
  readonly source: string;
  /** The ids, in alphabetical order. */
  readonly expected: readonly string[];
  /** What advice must have in it, by id. */
  readonly says?: Readonly<Record<string, string>>;
}

const PLATFORMS = join(ROOT, "tests/fixtures/platforms");

for (const file of readdirSync(PLATFORMS).sort()) {
  const json = readFileSync(join(PLATFORMS, file), "utf8");
  const { title, expected, says = {} } = JSON.parse(json) as Platform;
  test(`examineFacts() names the cause: ${title}`, () => {
    const { findings } = examineFacts(parseFacts(json));
    assertEquals(findings.map(({ id }) => id).sort(), expected);
    for (const [id, words] of Object.entries(says)) {
      assertStringIncludes(findings.find((finding) => finding.id === id)?.advice ?? "", words);
    }
  });
}

test("examineFacts() finds nothing in facts of which none is known", () => {
  const { findings, severity } = examineFacts(parseFacts('{ "version": 1, "vm": {} }'));
  assertEquals(findings, []);
  assertEquals(severity, "information");
});

test(
  "examine() measures and reads this machine, and is plain data",
  { timeout: 60_000 },
  async () => {
    const examination = await examine();
    assertEquals(JSON.parse(JSON.stringify(examination)), examination);
    const { findings, facts } = examination;
    for (const { id, meaning, advice, evidence } of findings) {
      assert(FINDING_IDS.includes(id), id);
      assertMatch(meaning, /^[A-Z].*\.$/);
      if (advice !== null) assertMatch(advice, /^[a-zA-Z].*\.$/);
      assert(evidence.length > 0, `${id} has no evidence`);
    }
    if (clockCost().beatsSyscall && sources().entries.clock_gettime === "vdso") {
      const bad = findings.filter(({ id, severity }) =>
        /^(clock|vdso)\./.test(id) && severity !== "information"
      );
      assertEquals(bad, [], "nothing is wrong with these clocks");
    }
    assertEquals(facts.runtime.name, runtime);
    assertEquals(parseFacts(JSON.stringify(facts)), facts);
    assertEquals(examineFacts(facts), examination);
    assert(Object.keys(facts.measured.clocks ?? {}).length >= 7, "clocks");
    assert((facts.measured.clocks?.["monotonic"]?.nativeNs ?? 0) > 0);
    assert((facts.measured.nullSyscallNs ?? 0) > 0);
    assertEquals(Object.keys(facts.measured.entries ?? {}).length, 6);
    assert((facts.measured.runtimeNs?.["now()"] ?? 0) > 0);
    assertEquals(facts.measured.backwards ?? 0, 0);
    assert((facts.time.uptimeS ?? 0) > 0);
  },
);

test("examine() refuses options that it does not know what to do with", async () => {
  await assertRejects(
    () => examine({ deep: "yes" as unknown as boolean }),
    TypeError,
    'Expected `options.deep` to be a boolean, got "yes"',
  );
});

test("examineFacts() leaves out what is to be ignored, and takes ids alone", () => {
  const facts = parseFacts('{ "version": 1, "wall": { "taiS": 0 }, "counter": { "jumps": 2 } }');
  assertEquals(examineFacts(facts).severity, "warning");
  const { findings, severity } = examineFacts(facts, ["counter.jumped"]);
  assertEquals([findings.map(({ id }) => id), severity], [["tai.unset"], "information"]);
  assertThrows(
    () => examineFacts(facts, ["tai" as "tai.unset"]),
    RangeError,
    'Expected `ignore` to have ids of findings, got "tai"',
  );
  assertThrows(
    () => examineFacts(facts, "tai.unset" as unknown as []),
    TypeError,
    'Expected `ignore` to be a list of ids, got "tai.unset"',
  );
});
