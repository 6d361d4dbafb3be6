import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { registerName } from "../../../elf/mod.ts";
import { skipWithoutReadelf, withFile } from "../../fixtures/readelf.ts";
import { readelfFrames } from "../../fixtures/readelf_frames.ts";
import { buildUnwindImage, leb128 } from "../../fixtures/unwind_images.ts";

test("registerName() names registers as readelf does", {
  skip: skipWithoutReadelf,
  timeout: 60_000,
}, () => {
  // readelf prints nothing at all if one number is above those that it knows of.
  const last = { 3: 101, 22: 84, 62: 126, 183: 128, 243: 140, 21: 140 };
  for (const [machine, count] of Object.entries(last).map((pair) => pair.map(Number))) {
    const names: string[] = [];
    for (const column of [0, 1]) { // the return address's column is not named
      const program = Array.from({ length: count ?? 0 }, (_, i) => [0x08, ...leb128(i)]).flat();
      const image = buildUnwindImage({
        machine: machine ?? 0,
        class: machine === 3 ? 32 : 64,
        vaddr: 0n,
        cies: [{ returnAddress: [column], program: [0x0c, 0, 0], fdes: [{ program }] }],
      });
      const text = withFile(image.bytes, readelfFrames);
      const head = text.split("\n").filter((line) => line.startsWith("   LOC")).at(-1) ?? "";
      for (const [i, name] of head.trim().split(/\s+/).slice(2).entries()) {
        if (i !== column) names[i] = name;
      }
    }
    assertEquals(names.length, count);
    assertEquals(names.map((_, i) => registerName(machine ?? 0, i)), names);
  }
  assertEquals(registerName(62, 1000), "r1000");
  assertEquals(registerName(0, 3), "r3");
});
