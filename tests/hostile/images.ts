/**
 * Images of the world: the vDSOs of every CPU that Debian has kernels for, as parseElf() and readelf
 * read them.
 */
import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { readFileSync } from "node:fs";
import process from "node:process";
import { type ElfImage, imageSize, parseElf, parseUnwind } from "../../elf/mod.ts";
import { MACHINES } from "../../elf/entries.ts";
import {
  type Kernel,
  kernelFile,
  kernelImages,
  KERNELS,
  kernelVersion,
} from "../../scripts/hostile/kernels.ts";
import type { Place, Row } from "../../scripts/hostile/place.ts";
import { describe, judge, MACHINE_NAMES, UNKNOWN } from "./readelf.ts";

export const PLACES: readonly Place[] = KERNELS.map((kernel) => ({
  name: `images-${kernel.id}`,
  title: `vDSO images in the kernel ${kernel.id}`,
  size: kernel.size,
  packages: ["binutils", "xz-utils", "zstd"],
  run: () => readImages(kernel),
}));

async function readImages(kernel: Kernel): Promise<readonly Row[]> {
  const version = kernelVersion(await kernelFile(kernel));
  const kinds = new Set<string>();
  const rows = (await kernelImages(kernel)).map((file): Row => {
    const start = performance.now();
    const bytes = new Uint8Array(readFileSync(file));
    const image = parseElf(bytes);
    const judgement = judge(file);
    assertEquals(describe(image, judgement), judgement);
    const functions = checkImage(bytes, image);
    kinds.add(`${image.class}/${image.machine}`);
    const notes = judgement.buildId === UNKNOWN ? ", except notes that neither can" : "";
    return {
      runtime: `Node ${process.versions.node}`,
      entries: `${MACHINE_NAMES[image.machine]}, ${image.class} bits, ${image.endian} endian: ` +
        `${functions} functions, by ${image.hashStyles.join(" and ")}`,
      cost: `${(performance.now() - start).toFixed(0)} ms`,
      result: `${bytes.length} bytes as readelf reads them${notes}; Linux ${version}`,
    };
  });
  // What the carver misses, nobody would.
  assertEquals([...kinds].sort(), kernel.images, "the kinds of images");
  return rows;
}

/** Returns how many functions can be called. */
function checkImage(bytes: Uint8Array, image: ElfImage): number {
  assertEquals(image.size, bytes.length);
  assertEquals(imageSize(bytes.subarray(0, 4096)), bytes.length);

  let functions = 0;
  for (const symbol of image.symbols()) {
    const { name, version, type, binding, offset, size } = symbol;
    const callable = (type === "func" || type === "notype") &&
      (binding === "global" || binding === "weak");
    assertEquals(image.lookup(name, version), callable ? symbol as never : undefined, name);
    assertEquals(image.lookup(name, "LINUX_0.0"), undefined, name);
    assertEquals(image.lookup(`${name}_`, version), undefined, name);
    if (!callable) continue;
    functions++;
    assert(offset !== undefined);
    assertLessOrEqual(offset + size, bytes.length);
  }
  for (const { rows } of parseUnwind(bytes)?.entries ?? []) assertGreater(rows.length, 0);
  checkEntries(image);
  return functions;
}

/** Every entry that elf/entries.ts knows of this CPU is there, except what newer kernels have. */
function checkEntries(image: ElfImage): void {
  for (const { machine, version, symbols } of Object.values(MACHINES)) {
    if (machine !== image.machine || image.class !== 64) continue;
    for (const [entry, symbol] of Object.entries(symbols)) {
      const found = image.lookup(symbol, version);
      if (entry !== "getrandom") assert(found, `${symbol}@${version} is missing`);
    }
  }
}
