/** What the hostile suite breaks images with, and that its judges see what is wrong. */
// both tiers: node26 (the judges are scripts of the hostile suite, which Node runs)
import { test } from "node:test";
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type ElfFunction, type ElfImage, parseElf, parseUnwind } from "../../elf/mod.ts";
import { imagesAtHand } from "../../scripts/hostile/kernels.ts";
import { collect } from "../hostile/corpus.ts";
import { fieldsOf, Raw } from "../hostile/layout.ts";
import { type Case, cases, Corpus, type Mutation } from "../hostile/mutations.ts";
import { confirmImage, emptyTally, examine } from "../hostile/oracle.ts";
import { confirmEntry, confirmRows } from "../hostile/unwind_oracle.ts";
import { ROOT } from "../support.ts";

const atHand = new Set(imagesAtHand().map(({ name }) => name));
// Those that every machine has.
const images = collect().filter(({ name }) => name !== "own" && !atHand.has(name));
const corpus = new Corpus(images);

function bytesOf(name: string): Uint8Array {
  const found = images.find((image) => image.name === name);
  assert(found, name);
  return found.bytes;
}

const NAME = "built-64-big-sysv-gnu";

function broken(...mutations: Mutation[]): number[] {
  return [...corpus.make({ image: NAME, mutations }) ?? []];
}

test("Corpus.make() does each mutation, and leaves the image as it is", () => {
  const before = bytesOf(NAME).slice();
  const size = before.length;
  const changed = (at: number, ...values: number[]) => {
    const copy = before.slice();
    copy.set(values, at);
    return [...copy];
  };
  assertEquals(broken(), [...before]);
  assertEquals(broken({ kind: "flip", at: size + 7, bit: 1 }), changed(7, (before[7] ?? 0) ^ 2));
  assertEquals(broken({ kind: "write", at: 18, size: 2, value: "258" }), changed(18, 1, 2));
  assertEquals(
    broken({ kind: "write", at: 24, size: 4, value: "1099511627775" }),
    changed(24, 255, 255, 255, 255),
  );
  assertEquals(
    broken({ kind: "move", from: 0, to: 8, size: 4 }),
    changed(8, ...before.slice(0, 4)),
  );
  assertEquals(broken({ kind: "cut", size: 100 }), [...before.slice(0, 100)]);
  assertEquals(broken({ kind: "cut", size }), [...before.slice(0, 1)]);
  assertEquals(broken({ kind: "grow", size: 2, byte: 9 }), [...before, 9, 9]);
  const other = bytesOf("built-32-little-gnu");
  assertEquals(
    broken({ kind: "splice", image: "built-32-little-gnu", from: 2, to: 10, length: 3 }),
    changed(10, ...other.slice(2, 5)),
  );
  assertEquals(
    broken({ kind: "splice", image: "not at hand", from: 0, to: size - 2, length: 50 }),
    changed(size - 2, ...before.slice(0, 2)),
  );
  assertEquals(bytesOf(NAME), before);
  assertEquals(corpus.make({ image: "not at hand", mutations: [] }), undefined);
});

test("Corpus.keep() gives the same image without a word of its fields", () => {
  fc.assert(
    fc.property(cases(corpus.names), (what) => {
      const kept = corpus.keep(what);
      assert(kept.mutations.every(({ kind }) => kind !== "field" && kind !== "copy"));
      assertEquals(corpus.make(JSON.parse(JSON.stringify(kept)) as Case), corpus.make(what));
    }),
    { numRuns: 300 },
  );
});

test("fieldsOf() stays within the image, and knows its tables", () => {
  for (const { name, bytes } of images) {
    const fields = fieldsOf(bytes);
    assertGreater(fields.length, 100, name);
    for (const { at, size } of fields) assert(at >= 0 && at + size <= bytes.length, name);
  }
});

test("every case that has failed is right now", () => {
  const text = readFileSync(join(ROOT, "tests/hostile/seeds.json"), "utf8");
  const seeds = JSON.parse(text) as (Case & { why: string })[];
  const tally = emptyTally();
  for (const { why, image, mutations } of seeds) {
    if (image.includes("/") || image === "own") continue; // of a kernel
    const bytes = corpus.make({ image, mutations });
    assert(bytes, `${why}: there is no image ${image}`);
    examine(bytes, tally);
  }
  assertGreater(tally.functions, seeds.length);
  assertGreater(tally.rows, 0);
});

test("confirmImage() sees a function that is wrong, missing or too many", () => {
  const bytes = bytesOf(NAME);
  const image = parseElf(bytes);
  const lie = (change: (found: ElfFunction | undefined, name: string) => unknown): ElfImage => ({
    ...{ machine: image.machine, versions: image.versions, symbols: () => image.symbols() },
    lookup: (name: string, version?: string) => change(image.lookup(name, version), name),
  } as unknown as ElfImage);
  const judge = (image: ElfImage) => confirmImage(new Raw(bytes), image, emptyTally());

  judge(image);
  judge(lie((found) => found));
  const wrong: readonly (readonly [string, (found: ElfFunction) => unknown])[] = [
    ["no PT_LOAD", (found) => ({ ...found, value: found.value + 0x100000n })],
    ["elsewhere", (found) => ({ ...found, offset: found.offset + 1 })],
    ["leaves its segment", (found) => ({ ...found, size: 1e6 })],
    ["another name", (found) => ({ ...found, name: "other" })],
    ["the hash table has", (found) => ({ ...found, size: found.size - 1 })],
    ["the hash table has", () => undefined],
  ];
  for (const [what, change] of wrong) {
    assertThrows(() => judge(lie((found) => found && change(found))), Error, what);
  }
  const some = image.lookup("__vdso_clock_gettime");
  assertThrows(() => judge(lie((found, name) => found ?? { ...some, name })), Error, "hash table");
  const symbols = image.symbols().slice(1);
  assertThrows(
    () => judge({ ...lie((found) => found), symbols: () => symbols }),
    Error,
    "symbols()",
  );
});

test("confirmEntry() and confirmRows() see an unwind entry that is wrong", () => {
  let confirmed = 0;
  for (const name of corpus.names.filter((name) => name.startsWith("unwind-"))) {
    const raw = new Raw(bytesOf(name));
    for (const entry of parseUnwind(bytesOf(name))?.entries ?? []) {
      const { offset, address, size, common, rows } = entry;
      const changed = { offset, address, size, common, languageData: undefined, rows };
      assert(confirmEntry(raw, changed) && confirmRows(raw, changed, rows), name);
      confirmed++;
      for (
        const wrong of [
          { ...changed, offset: offset + 4 },
          { ...changed, address: address + 1n },
          { ...changed, size: size + 1n },
          { ...changed, common: { ...common, offset: common.offset + 4 } },
          { ...changed, common: { ...common, version: 3 } },
          { ...changed, common: { ...common, augmentation: "zRS" } },
          { ...changed, common: { ...common, codeAlignment: 7 } },
          { ...changed, common: { ...common, dataAlignment: 7 } },
          { ...changed, common: { ...common, returnAddress: 7 } },
        ]
      ) {
        assertThrows(() => confirmEntry(raw, wrong), Error, "The unwind entry at");
      }
      const [first, ...rest] = rows;
      assert(first);
      for (
        const wrong of [
          rest,
          [...rows, first],
          [{ ...first, address: first.address + 1n }, ...rest],
          [{ ...first, cfa: undefined }, ...rest],
          [{ ...first, rules: new Map([[16, { kind: "offset", offset: -16 } as const]]) }, ...rest],
        ]
      ) {
        assertThrows(() => confirmRows(raw, changed, wrong), Error, "The rows of the entry");
      }
    }
  }
  assertGreater(confirmed, 10);
});
