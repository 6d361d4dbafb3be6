/** Facts out of files: what fits, and what is refused. */
// npm test: node26 (it only computes, on what is made up)
import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { fillFacts, parseFacts } from "../../../doctor/facts/shape.ts";

test("parseFacts() takes a part for the whole, and drops what it does not know", () => {
  const json = '{ "version": 1, "note": "x", "wall": { "taiS": 37, "more": 1 }, "vm": {} }';
  assertEquals(parseFacts(json), fillFacts({ wall: { taiS: 37 } }));
  assertEquals(parseFacts(JSON.stringify(fillFacts({}))), fillFacts({}));
});

test("parseFacts() takes the facts out of what --json prints", () => {
  const facts = fillFacts({ wall: { taiS: 37 } });
  const report = { version: 1, severity: "information", status: 0, findings: [], ignored: [] };
  assertEquals(parseFacts(JSON.stringify({ ...report, facts })), facts);
});

const BAD: readonly (readonly [json: string, error: typeof TypeError, message: string])[] = [
  ["null", TypeError, "Expected the facts to be an object, got null"],
  ["[]", TypeError, "Expected the facts to be an object, got Array"],
  ["{}", TypeError, "Expected the facts' `version` to be 1, got undefined"],
  ['{"version":1}', TypeError, "Expected the facts to have some of runtime, machine, process, "],
  ['{"version":1,"facts":{}}', TypeError, "Expected the facts' `version` to be 1, got undefined"],
  ['{"version":2}', RangeError, "Expected the facts' `version` to be 1, got 2"],
  ['{"version":1,"cpu":3}', TypeError, "Expected `cpu` to be an object, got 3"],
  [
    '{"version":1,"cpu":{"steal":"1"}}',
    TypeError,
    'Expected `cpu.steal` to be a number, got "1"',
  ],
  [
    '{"version":1,"machine":{"flags":[1]}}',
    TypeError,
    "Expected `machine.flags` to be a list of strings, got Array",
  ],
  [
    '{"version":1,"measured":{"clocks":{"monotonic":{"nativeNs":1}}}}',
    TypeError,
    "Expected `measured.clocks` to be an object of { nativeNs, syscallNs }, got Object",
  ],
  [
    '{"version":1,"skipped":[{"check":"x"}]}',
    TypeError,
    "Expected `skipped` to be a list of { check, reason }, got Array",
  ],
];

for (const [json, error, message] of BAD) {
  test(`parseFacts() refuses ${json}`, () => {
    assertThrows(() => parseFacts(json), error, message);
  });
}

test("parseFacts() refuses what is no JSON", () => {
  assertThrows(() => parseFacts("facts"), SyntaxError);
});
