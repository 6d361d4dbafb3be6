/** The carver of the hostile suite, on kernels that are made up of built images. */
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { carve } from "../../../scripts/hostile/carve.ts";
import { buildImage, type ImageOptions } from "../../fixtures/elf_images.ts";
import { withDirectory } from "../../fixtures/env_run.ts";

const build = (options: ImageOptions) => buildImage({ sections: true, ...options }).bytes;

const WIDE = build({ soname: "linux-vdso.so.1", symbols: [{ name: "__vdso_clock_gettime" }] });
const NARROW = build({
  class: 32,
  endian: "big",
  machine: 22,
  soname: "linux-vdso32.so.1",
  symbols: [{ name: "__kernel_gettimeofday" }],
});
const GATE = build({ class: 32, machine: 3, soname: "linux-gate.so.1" });

/** What looks like an image, and is none. */
const DECOYS: readonly Uint8Array[] = [
  build({ soname: "libc.so.6" }),
  withByte(WIDE, 16, 2), // ET_EXEC
  withByte(WIDE, 4, 3), // no class
  withByte(WIDE, 5, 0), // no byte order
  withByte(WIDE, 60, 0), // no sections
  withByte(WIDE, 47, 1), // sections at 2^56
  WIDE.slice(0, 40), // and then something else
  new TextEncoder().encode("\x7fELF"),
];

function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = value;
  return changed;
}

const FILLING = Buffer.alloc(1_100_000, "linux kernel ");
const KERNEL = Buffer.concat([
  ...DECOYS.flatMap((decoy) => [decoy, FILLING.subarray(0, 100)]),
  NARROW,
  FILLING,
  WIDE,
  FILLING.subarray(0, 7), // images need not be aligned
  GATE,
  WIDE, // once more
  FILLING,
]);

const EXPECTED = [
  { kind: "32/22", bytes: NARROW },
  { kind: "32/3", bytes: GATE },
  { kind: "64/62", bytes: WIDE },
];

function carveFile(bytes: Uint8Array) {
  return withDirectory(async (directory) => {
    const file = join(directory, "vmlinuz");
    writeFileSync(file, bytes);
    const found = carve(file); // it has read the file when it returns
    return (await found).map(({ kind, bytes }) => ({ kind, bytes: Uint8Array.from(bytes) }));
  });
}

test("carve() finds each image of a kernel once, and no other ELF file", async () => {
  const expected = EXPECTED.map(({ kind, bytes }) => ({ kind, bytes: Uint8Array.from(bytes) }));
  assertEquals(await carveFile(KERNEL), expected);
});

test("carve() unpacks a kernel, whatever surrounds it", async () => {
  const packed = Buffer.concat([
    FILLING.subarray(0, 4321),
    gzipSync("too small to be a kernel"),
    Buffer.from("\x1f\x8b\x08 is a magic number by chance", "latin1"),
    gzipSync(KERNEL, { level: 1 }),
    FILLING.subarray(0, 1234),
  ]);
  assertEquals((await carveFile(packed)).map(({ kind }) => kind), ["32/22", "32/3", "64/62"]);
});

test("carve() finds nothing where there is nothing, or only the beginning of an image", async () => {
  assertEquals(await carveFile(FILLING), []);
  assertEquals(await carveFile(Buffer.concat([FILLING, WIDE.subarray(0, -1)])), []);
  assertEquals(await carveFile(new Uint8Array(0)), []);
});
