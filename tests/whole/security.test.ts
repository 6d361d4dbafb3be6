/** SECURITY.md names the tests that hold its claims: they must be there, under these names. */
// both tiers: node26 (it is the same, whatever runs the test)
import { assert, assertEquals, assertGreater } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ALL } from "../hostile/places.ts";
import { ROOT } from "../support.ts";

/** The sections whose every item is a claim. */
const SECTIONS = [
  "What is promised",
  "What others on the same machine can do",
  "What code in the same process can do",
];

const text = readFileSync(join(ROOT, "SECURITY.md"), "utf8").replace(/\s*\n(?!- |\n|#)\s*/g, " ");

/** The claims of a section, each in one line. */
function claims(section: string): string[] {
  const [, body = ""] = new RegExp(`^## ${section}\n([^]*?)(?=^## |$(?!\n))`, "m").exec(text) ?? [];
  return body.split("\n").filter((line) => line.startsWith("- "));
}

/** Files, and the names of tests that follow the link to each. */
function namedTests(claim: string): { file: string; names: string[] }[] {
  const links = claim.matchAll(/\[[\w.]+\]\((tests\/[\w./]+)\):((?: "[^"]+",?)+)/g);
  return Array.from(links, ([, file = "", list = ""]) => ({
    file,
    names: Array.from(list.matchAll(/"([^"]+)"/g), ([, name = ""]) => name),
  }));
}

function namedPlaces(claim: string): string[] {
  const [, list = ""] = /Places: ((?:`[\w-]+`(?:, )?)+)/.exec(claim) ?? [];
  return Array.from(list.matchAll(/`([\w-]+)`/g), ([, name = ""]) => name);
}

/** What the tests of a file are called, as patterns: a name may be made of several parts. */
function titles(file: string): RegExp[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  const calls = source.matchAll(/\b(?:test|statisticalTest)\(\s*(?:"([^"]+)"|`([^`]+)`)/g);
  return Array.from(calls, ([, plain, template]) => {
    const parts = plain === undefined ? (template ?? "").split(/\$\{[^}]*\}/) : [plain];
    const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${escaped.join(".+")}$`);
  });
}

for (const section of SECTIONS) {
  test(`SECURITY.md names what holds each claim of "${section}"`, () => {
    const all = claims(section);
    assertGreater(all.length, 1);
    for (const claim of all) {
      const named = namedTests(claim).length + namedPlaces(claim).length;
      assertGreater(named, 0, claim);
      // Nothing that is meant as a reference escapes the patterns above.
      assertEquals(namedTests(claim).length, claim.split("](tests/").length - 1, claim);
      assertEquals(namedPlaces(claim).length > 0, claim.includes("Places: "), claim);
    }
  });

  test(`SECURITY.md names tests and places that there are in "${section}"`, () => {
    for (const claim of claims(section)) {
      for (const { file, names } of namedTests(claim)) {
        assert(existsSync(join(ROOT, file)), file);
        const there = titles(file);
        for (const name of names) {
          assert(there.some((title) => title.test(name)), `${file} has no test "${name}"`);
        }
      }
      for (const prefix of namedPlaces(claim)) {
        assert(
          ALL.some(({ name }) => name.startsWith(prefix)),
          `No place has a name that starts with ${prefix}`,
        );
      }
    }
  });
}
