/** Debian's kernels, and the vDSO images in them. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { carve, type CarvedImage } from "./carve.ts";
import { BOOKWORM, type DebianPackage, extract, TRIXIE } from "./debian.ts";
import { CACHE, once, type Size } from "./place.ts";

/** A kernel of Debian. */
export interface Kernel extends DebianPackage {
  /** The name of it here. */
  readonly id: string;
  readonly size: Size;
  /** The kinds of vDSO images that it holds, by class and e_machine: these and no others. */
  readonly images: readonly string[];
}

const BACKPORTS = ["bookworm-backports", ...TRIXIE];
const FORKY = ["forky"];

function kernel(
  id: string,
  size: Size,
  name: string,
  releases: readonly string[],
  ...images: readonly string[]
): Kernel {
  return {
    id,
    size,
    name: `linux-image-${name}`,
    architecture: id.split("-")[0] ?? "",
    releases,
    images,
  };
}

// The machines: 3 i386, 8 MIPS, 21 PowerPC64, 22 s390, 40 Arm, 62 x86-64, 183 AArch64, 243 RISC-V.
export const KERNELS: readonly Kernel[] = [
  kernel("amd64-6.1", "short", "amd64", BOOKWORM, "32/3", "32/62", "64/62"),
  kernel("amd64-6.12", "short", "amd64", BACKPORTS, "32/3", "32/62", "64/62"),
  kernel("arm64-6.1", "short", "arm64", BOOKWORM, "32/40", "64/183"),
  kernel("arm64-6.12", "short", "arm64", BACKPORTS, "32/40", "64/183"),
  kernel("s390x-6.1", "full", "s390x", BOOKWORM, "32/22", "64/22"),
  kernel("s390x-6.12", "short", "s390x", BACKPORTS, "32/22", "64/22"),
  kernel("ppc64el-6.1", "full", "powerpc64le", BOOKWORM, "64/21"),
  kernel("ppc64el-6.12", "short", "powerpc64le", BACKPORTS, "64/21"),
  kernel("riscv64-6.12", "short", "riscv64", TRIXIE, "64/243"),
  kernel("riscv64-7", "full", "riscv64", FORKY, "64/243"),
  kernel("i386-6.1", "full", "686-pae", BOOKWORM, "32/3"),
  kernel("armhf-6.1", "full", "armmp", BOOKWORM, "32/40"),
  kernel("mips64el-6.1", "short", "loongson-3", BOOKWORM, "32/8", "64/8"),
];

/** The kernel's program, as QEMU takes it. */
export async function kernelFile({ id, ...wanted }: Kernel): Promise<string> {
  const files = await extract(wanted, "*/vmlinu*", join(CACHE, "kernels", id));
  const file = files.find((file) => basename(file).startsWith("vmlinu"));
  if (file === undefined) throw new Error(`The package of ${id} has no kernel`);
  return file;
}

/** Its version, as uname(2) tells it: in the file's name, or in that of its directory. */
export function kernelVersion(file: string): string {
  return /\/(?:vmlinu[xz]-|modules\/)(\d[^/]*)/.exec(file)?.[1] ?? "unknown";
}

/** Where the images of a kernel are, carved out if that has not been done. */
export async function kernelImages(kernel: Kernel): Promise<string[]> {
  const directory = join(CACHE, "images", kernel.id);
  if (!existsSync(directory)) await once(`carve ${directory}`, () => carveInto(directory, kernel));
  return readdirSync(directory).sort().map((name) => join(directory, name));
}

async function carveInto(directory: string, kernel: Kernel): Promise<void> {
  const images: CarvedImage[] = await carve(await kernelFile(kernel));
  mkdirSync(dirname(directory), { recursive: true });
  const unfinished = mkdtempSync(`${directory}.`);
  images.forEach(({ kind, bytes }, index) => {
    writeFileSync(join(unfinished, `${kind.replace("/", "-")}-${index}.so`), bytes);
  });
  renameSync(unfinished, directory);
}

/** The kernel of this name. */
export function kernelOf(id: string): Kernel {
  const found = KERNELS.find((kernel) => kernel.id === id);
  if (!found) throw new Error(`There is no kernel ${id}`);
  return found;
}

/** A carved image under a name that stays the same when Debian has a newer kernel. */
export interface NamedImage {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** All images that are there by now: what is missing is not downloaded. */
export function imagesAtHand(): NamedImage[] {
  return KERNELS.flatMap(({ id }) => {
    const directory = join(CACHE, "images", id);
    if (!existsSync(directory)) return [];
    return readdirSync(directory).sort().map((file) => ({
      name: `${id}/${file}`,
      bytes: new Uint8Array(readFileSync(join(directory, file))),
    }));
  });
}
