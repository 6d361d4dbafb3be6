import { assertEquals, assertStrictEquals } from "@std/assert";
import { test } from "node:test";
import { Rules } from "../../../elf/unwind/rules.ts";
import type { UnwindRule } from "../../../elf/unwind/types.ts";

/** Registers at the borders of what an octal digit, 32 bits and a number can hold. */
const REGISTERS = [0, 1, 7, 8, 9, 56, 63, 64, 511, 512, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1];

const rule = (offset: number): UnwindRule => ({ kind: "offset", offset });

/** Fails unless the rules are these, by every way to ask. */
function assertRules(rules: Rules, expected: ReadonlyMap<number, UnwindRule>): void {
  const sorted = [...expected].sort(([a], [b]) => a - b);
  assertEquals([...rules], sorted);
  assertEquals([...rules.entries()], sorted);
  assertEquals([...rules.keys()], sorted.map(([register]) => register));
  assertEquals([...rules.values()], sorted.map(([, value]) => value));
  assertEquals(rules.size, expected.size);
  const visited: [number, UnwindRule][] = [];
  rules.forEach(function (this: unknown, value, register, map) {
    assertEquals(this, "this");
    assertStrictEquals(map, rules);
    visited.push([register, value]);
  }, "this");
  assertEquals(visited, sorted);
  for (const register of REGISTERS) {
    assertStrictEquals(rules.get(register), expected.get(register));
    assertEquals(rules.has(register), expected.has(register));
  }
}

test("Rules are the map that all changes make, and the ones before them stay", () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  let rules = Rules.NONE;
  let expected: ReadonlyMap<number, UnwindRule> = new Map();
  const versions: [Rules, ReadonlyMap<number, UnwindRule>][] = [[rules, expected]];
  for (let step = 0; step < 2000; step++) {
    const register = REGISTERS[random(REGISTERS.length)] ?? 0;
    const value = random(3) === 0 ? undefined : rule(step);
    const changed = new Map(expected);
    if (value === undefined) changed.delete(register);
    else changed.set(register, value);
    rules = rules.with(register, value);
    expected = changed;
    if (step % 50 === 0) versions.push([rules, expected]);
    assertEquals(rules.size, expected.size);
  }
  for (const [version, map] of versions) assertRules(version, map);
});

test("Rules have nothing for what is no register", () => {
  const rules = REGISTERS.reduce((all, register) => all.with(register, rule(0)), Rules.NONE);
  for (const register of [-1, 0.5, 8.5, NaN, Infinity, 2, 513]) {
    assertEquals([rules.get(register), rules.has(register)], [undefined, false]);
  }
});

test("with() gives the same rules when nothing changes", () => {
  const one = rule(1);
  const rules = Rules.NONE.with(3, one);
  assertStrictEquals(rules.with(3, one), rules);
  assertStrictEquals(rules.with(11, undefined), rules);
});
