/** The images that are broken: carved out of kernels, this process's own, and built ones. */
import { parseElf, parseUnwind } from "../../elf/mod.ts";
import { inspect, UnsupportedError } from "../../mod.ts";
import { imagesAtHand, type NamedImage } from "../../scripts/hostile/kernels.ts";
import { buildImage, type ImageOptions } from "../fixtures/elf_images.ts";
import { buildUnwindImage } from "../fixtures/unwind_images.ts";

/** All that are at hand and readable: no image of tests/fixtures/unwind_images.ts has symbols. */
export function collect(): NamedImage[] {
  const images = [...imagesAtHand(), ...ownImage(), ...builtImages()];
  for (const { name, bytes } of images) {
    if (name.startsWith("unwind-")) parseUnwind(bytes)?.entries;
    else parseElf(bytes).symbols();
  }
  return images;
}

function ownImage(): NamedImage[] {
  try {
    return [{ name: "own", bytes: inspect().image }];
  } catch (error) {
    if (error instanceof UnsupportedError) return []; // no vDSO here
    throw error;
  }
}

const VDSO: ImageOptions = {
  soname: "linux-vdso.so.1",
  versions: ["LINUX_2.6", "LINUX_2.6.39"],
  symbols: [
    { name: "__vdso_clock_gettime" },
    { name: "clock_gettime", alias: "__vdso_clock_gettime", binding: 2 },
    { name: "__vdso_getrandom", version: "LINUX_2.6.39" },
    { name: "__kernel_sigreturn", type: 0, hidden: true },
    { name: "LINUX_2.6", type: 1, section: 0xfff1, value: 0n, size: 0 },
    { name: "wanted", section: 0 },
  ],
  notes: [
    { name: "Linux", type: 0, desc: [0, 12, 6, 0] },
    { name: "GNU", type: 3, desc: Array.from({ length: 20 }, (_, index) => index) },
  ],
  sections: true,
};

function builtImages(): NamedImage[] {
  const images: NamedImage[] = [];
  for (const bits of [32, 64] as const) {
    for (const endian of ["little", "big"] as const) {
      for (const hash of [["sysv"], ["gnu"], ["sysv", "gnu"]] as const) {
        const options = { ...VDSO, class: bits, endian, hash };
        const name = `built-${bits}-${endian}-${hash.join("-")}`;
        images.push({ name, bytes: buildImage(options).bytes.slice() });
      }
      const unwind = buildUnwindImage({ class: bits, endian, cies: [{ fdes: [{}, {}, {}] }] });
      images.push({ name: `unwind-${bits}-${endian}`, bytes: unwind.bytes.slice() });
    }
  }
  const s390 = { ...VDSO, endian: "big", machine: 22, hash: ["sysv"] } as const;
  images.push({ name: "built-s390", bytes: buildImage(s390).bytes.slice() });
  const thumb = { ...VDSO, class: 32, machine: 40, vaddr: 0xffff0000n, codeBias: 0x1000n } as const;
  images.push({ name: "built-arm", bytes: buildImage(thumb).bytes.slice() });
  return images;
}
