import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { findFunction } from "../../elf/find.ts";
import { parseElf } from "../../elf/mod.ts";
import { buildImage, type ImageOptions } from "../fixtures/elf_images.ts";
import { assertExecutable, everyKind, VDSO } from "../fixtures/elf_samples.ts";

const WANTED = { machine: 62, soname: "linux-vdso", symbol: "__vdso_getcpu" };
const build = (options: ImageOptions = {}) => buildImage({ ...VDSO, ...options });
const find = ({ bytes }: { bytes: Uint8Array }, wanted = WANTED) => findFunction(bytes, wanted);

test("findFunction() finds what the parser finds, wherever the image is linked for", () => {
  for (const vaddr of [0n, 0x1000n, 0xffffffffff700000n]) {
    for (const hash of [["sysv"], ["gnu"], ["sysv", "gnu"]] as const) {
      for (const symbol of ["__vdso_getcpu", "__vdso_time"]) {
        const image = build({ vaddr, hash });
        const offset = parseElf(image.bytes).lookup(symbol)?.offset;
        assertEquals(find(image, { ...WANTED, symbol }), offset);
        assert(offset !== undefined);
      }
    }
  }
});

test("findFunction() leaves other kinds of images to the parser", () => {
  for (const { label, options } of everyKind()) {
    const found = find(build(options)) !== undefined;
    assertEquals(found, options.class === 64 && options.endian === "little", label);
  }
  assertEquals(find(build(), { ...WANTED, machine: 183 }), undefined);
  assertEquals(find(build({ codeBias: 0x1000n })), undefined); // two PT_LOADs
});

test("findFunction() finds nothing in what is no vDSO", () => {
  assertEquals(find(build({ soname: "libc.so.6" })), undefined);
  assertEquals(findFunction(new Uint8Array(0), WANTED), undefined);
  assertEquals(findFunction(new Uint8Array(4096), WANTED), undefined);
});

test("findFunction() finds functions alone, of this name, defined here", () => {
  const names = ["__vdso_getcp", "wanted_elsewhere", "untyped", "LINUX_2.6", "absolute", "none"];
  for (const symbol of names) {
    assertEquals(find(build(), { ...WANTED, symbol }), undefined, symbol);
  }
  const local = build({ symbols: [{ name: "__vdso_getcpu", binding: 0 }] });
  assertEquals(find(local), undefined);
});

test("findFunction() throws at no broken image, and leads to no place outside", () => {
  const { bytes } = build();
  const { length } = bytes;
  for (let size = 0; size < length; size++) findFunction(bytes.subarray(0, size), WANTED);
  let differs = 0;
  for (let at = 0; at < length; at++) {
    for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
      const broken = bytes.slice();
      broken[at] = value;
      const offset = findFunction(broken, WANTED);
      if (offset === undefined) differs++;
      else assert(Number.isInteger(offset) && offset > 0 && offset < length, `${at}: ${offset}`);
    }
  }
  assert(differs > 100, `${differs}`); // what is broken is seen
});

test("findFunction() finds what the parser agrees is code", () => {
  const { bytes } = build();
  const offset = findFunction(bytes, WANTED) ?? NaN;
  assertExecutable(parseElf(bytes), offset, 7, bytes.length);
});
