import { assertEquals } from "@std/assert";
import { test } from "node:test";
import {
  type Keys,
  keysOf,
  parseKeys,
  printKeys,
  union,
} from "../../../../scripts/build/docs/json_keys.ts";

/** As plain data. */
function plain(keys: Keys): Record<string, string> {
  return Object.fromEntries(
    [...keys].map(([path, types]) => [path, [...types].sort().join(" or ")]),
  );
}

test("keysOf() names the type of every leaf", () => {
  const sample = { a: 1, b: { c: "x", "d.e": true }, list: [{ f: null }, { f: "0x1f" }], n: "17" };
  assertEquals(plain(keysOf([sample])), {
    "a": "number",
    "b.c": "string",
    'b["d.e"]': "boolean",
    "list[].f": "hex string or null",
    "n": "decimal string",
  });
});

test("keysOf() tells a key absent only where its object is there without it", () => {
  const samples = [{ a: { b: 1, c: 2 } }, { a: { b: 1 } }, { a: null }];
  assertEquals(plain(keysOf(samples)), {
    "a": "null or object",
    "a.b": "number",
    "a.c": "absent or number",
  });
});

test("keysOf() names objects and lists that are empty, or not always there", () => {
  const samples = [{ empty: [], none: {}, some: [1], same: "" }, { some: null, same: "" }];
  assertEquals(plain(keysOf(samples)), {
    "empty": "absent or list",
    "none": "absent or object",
    "some": "list or null",
    "some[]": "number",
    "same": "string",
  });
});

test("keysOf() keeps a path that only begins like another", () => {
  assertEquals(plain(keysOf([{ a: [], ab: { c: 1 } }])), { "a": "list", "ab.c": "number" });
});

test("union() has the keys and the types of both", () => {
  const both = union(keysOf([{ a: 1, b: 1 }]), keysOf([{ a: null, c: "x" }]));
  assertEquals(plain(both), { a: "null or number", b: "number", c: "string" });
});

test("union() has a list that is empty in one as the other tells of it", () => {
  const [empty, full] = [keysOf([{ a: [], b: 1 }]), keysOf([{ a: [{ c: 1 }], b: 1 }])];
  for (const both of [union(empty, full), union(full, empty)]) {
    assertEquals(plain(both), { "a[].c": "number", b: "number" });
  }
});

test("parseKeys() reads what printKeys() prints", () => {
  const keys = keysOf([{ a: 1, 'x["y': "0x0" }, { a: null, list: [{ b: true }] }]);
  const padded = printKeys(keys).replaceAll(" |", "    |");
  assertEquals(plain(parseKeys(`# Title\n\n${padded}\n\nText.\n`)), plain(keys));
  assertEquals(parseKeys("| `--json` | Print one JSON object. |\n").size, 0);
});
