/** binutils' readelf as the judge of what parseElf() reads. */
import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import type { ElfImage } from "../../elf/mod.ts";

/** What both sides know of an image, in one notation. */
export interface Judgement {
  readonly header: string;
  readonly soname: string | undefined;
  /** `"?"` where readelf, too, cannot make sense of the notes. */
  readonly buildId: string | undefined;
  readonly hashStyles: readonly string[];
  readonly versions: readonly string[];
  /** A line for each segment: type, offset, address, sizes, flags. */
  readonly segments: readonly string[];
  /** A line for each defined symbol: address, size, type, binding, section, name and version. */
  readonly symbols: readonly string[];
}

export const MACHINE_NAMES: Readonly<Record<number, string>> = {
  3: "Intel 80386",
  8: "MIPS R3000",
  21: "PowerPC64",
  22: "IBM S/390",
  40: "ARM",
  62: "Advanced Micro Devices X86-64",
  183: "AArch64",
  243: "RISC-V",
};
const SEGMENTS: Readonly<Record<string, number>> = {
  LOAD: 1,
  DYNAMIC: 2,
  NOTE: 4,
  GNU_EH_FRAME: 0x6474e550,
  GNU_STACK: 0x6474e551,
  GNU_PROPERTY: 0x6474e553,
  REGINFO: 0x70000000,
  EXIDX: 0x70000001,
  ABIFLAGS: 0x70000003,
};

export const UNKNOWN = "?";

/** What readelf says of this file. */
export function judge(file: string): Judgement {
  const options = ["-W", "-h", "-l", "-d", "-n", "-V", "--dyn-syms"];
  const { status, stdout: text, stderr } = spawnSync("readelf", [...options, file], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  });
  assertEquals(status, 0, stderr);
  const field = (name: RegExp) => name.exec(text)?.[1]?.trim();
  const symbol =
    /^ +\d+: ([0-9a-f]+) +(\d+|0x[0-9a-f]+) (\w+) +(\w+) +\w+ +(?:\[.*\] +)?(\w+) (\S*)/gm;
  const segment = /^ +([A-Z_]+) +(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) (.)(.)(.) 0x\w+$/gm;
  return {
    header: [
      field(/^ +Class: +(.*)$/m),
      field(/^ +Data: .*(little|big) endian$/m),
      field(/^ +Machine: +(.*)$/m),
    ].join(", "),
    soname: field(/\(SONAME\) +Library soname: \[(.*)\]/),
    buildId: stderr.includes("note with invalid") ? UNKNOWN : field(/Build ID: (\w+)/),
    hashStyles: [/\(HASH\)/, /\(GNU_HASH\)/].flatMap((tag, index) =>
      tag.test(text) ? [["sysv", "gnu"][index] ?? ""] : []
    ),
    versions: Array.from(
      text.matchAll(/^ +\w+: Rev: 1 +Flags: (?!BASE).*Name: (\S+)$/gm),
      ([, name]) => name ?? "",
    ),
    segments: Array.from(text.matchAll(segment)).flatMap(([, type = "", ...numbers]) => {
      if (type === "NULL") return []; // unused
      const [offset, vaddr, file, memory] = numbers.slice(0, 4).map(Number);
      const flags = numbers.slice(4).map((flag, index) => flag.trim() && [4, 2, 1][index]);
      const sum = flags.reduce<number>((sum, flag) => sum + Number(flag), 0);
      return [[SEGMENTS[type] ?? type, offset, vaddr, file, memory, sum].join(" ")];
    }),
    symbols: Array.from(text.matchAll(symbol)).flatMap(
      ([, value, size, type, binding, section, name]) =>
        section === "UND" || section === "ABS" ? [] : [
          // A section's symbol has no name: readelf shows the section's.
          [
            BigInt(`0x${value}`),
            Number(size),
            type,
            binding,
            section,
            type === "SECTION" ? "" : name,
          ].join(" "),
        ],
    ),
  };
}

/** The same of parseElf(), as far as the judge knows. */
export function describe(image: ElfImage, { buildId }: Judgement): Judgement {
  return {
    header: [
      `ELF${image.class}`,
      image.endian,
      MACHINE_NAMES[image.machine] ?? String(image.machine),
    ].join(", "),
    soname: image.soname,
    buildId: buildId === UNKNOWN ? UNKNOWN : image.buildId,
    hashStyles: image.hashStyles,
    versions: [...image.versions],
    segments: image.segments.map(({ type, offset, vaddr, fileSize, memSize, flags }) =>
      [type, offset, vaddr, fileSize, memSize, flags].join(" ")
    ),
    symbols: image.symbols().map(
      ({ name, version, hidden, value, size, type, binding, section }) => {
        const versioned = version === undefined ? name : `${name}${hidden ? "@" : "@@"}${version}`;
        const words = [value, size, type.toUpperCase(), binding.toUpperCase(), section, versioned];
        return words.join(" ");
      },
    ),
  };
}
