/**
 * The least module of each runtime that gets now() out of the vDSO: the shim loaded, one symbol looked up,
 * one entry bound, one call. What the library's start is held against; nothing for programs, since it
 * trusts everything that it reads.
 */
import { arch } from "node:os";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MACHINES } from "../../elf/entries.ts";
import { IMAGES } from "../../shim/images.ts";
import { ROOT, type RuntimeName } from "../runtimes.ts";

const CPU = arch() === "arm64" ? "aarch64" : "x86_64";
const SYMBOL = MACHINES[CPU]?.symbols.clock_gettime ?? "";

/** How each opens a library: the table has parameters and result, as in shim/signatures.ts. */
const OPEN: Readonly<Partial<Record<RuntimeName, string>>> = {
  bun: `const ffi = process.getBuiltinModule("bun:ffi");
const open = (path, table) => ffi.dlopen(path, Object.fromEntries(Object.entries(table).map(
  ([name, [args, returns]]) => [name, { args: args.map((type) => type === "buffer" ? "ptr" : type), returns }],
))).symbols;`,
  deno:
    `const open = (path, table) => Deno.dlopen(path, Object.fromEntries(Object.entries(table).map(
  ([name, [parameters, result]]) => [name, { parameters, result }],
))).symbols;`,
};

const FROM_MEMORY = `const text = (string) => new TextEncoder().encode(string + "\\0");
const libc = open("libc.so.6", {
  memfd_create: [["buffer", "u32"], "i32"],
  write: [["i32", "buffer", "usize"], "i64"],
  close: [["i32"], "i32"],
});
const bytes = Uint8Array.fromBase64("BASE64");
const fd = libc.memfd_create(text("least"), 1);
libc.write(fd, bytes, BigInt(bytes.length));
const shim = open("/proc/self/fd/" + fd, {
  vdso_copy_image: [["buffer", "i32"], "i32"],
  vdso_bind: [["i32", "i32"], "i32"],
  vdso_now: [[], "f64"],
});
libc.close(fd);`;

/** By DT_HASH, or by the size of the symbol table where there is none. */
const BIND = `const image = new Uint8Array(16384);
shim.vdso_copy_image(image, image.length);
const view = new DataView(image.buffer);
const word = (at) => Number(view.getBigUint64(at, true));
let dynamic = 0;
for (let i = 0, at = word(32); i < view.getUint16(56, true); i++, at += 56) {
  if (view.getUint32(at, true) === 2) dynamic = word(at + 8);
}
const found = {};
for (let at = dynamic; word(at) !== 0; at += 16) found[word(at)] = word(at + 8);
const { 5: strings, 6: symbols } = found;
const wanted = "SYMBOL";
for (let at = symbols + 24; at < strings; at += 24) {
  const name = strings + view.getUint32(at, true);
  let length = 0;
  while (length < wanted.length && image[name + length] === wanted.charCodeAt(length)) length++;
  if (length < wanted.length || image[name + length] !== 0) continue;
  if (shim.vdso_bind(0, word(at + 8)) !== 0) throw new Error("bind");
  break;
}`;

const CALL = `export const now = shim.vdso_now;
if (!(now() > 0)) throw new Error("now");`;

/** Writes it below `directory`, with a program that imports it; returns the program's name. */
export function writeLeastModule(runtime: RuntimeName, directory: string): string {
  const open = OPEN[runtime];
  const load = open === undefined
    ? loadAddon(directory)
    : `${open}\n${FROM_MEMORY.replace("BASE64", IMAGES[CPU]?.base64 ?? "")}`;
  const module = [load, BIND.replace("SYMBOL", SYMBOL), CALL].join("\n");
  writeFileSync(join(directory, `least_${runtime}.mjs`), `${module}\n`);
  const program = `least_${runtime}_program.mjs`;
  writeFileSync(
    join(directory, program),
    `import { now } from "./least_${runtime}.mjs";\nnow();\n`,
  );
  return program;
}

/** Node loads the addon, as a file beside the module: so the npm package has it. */
function loadAddon(directory: string): string {
  const images = readFileSync(join(ROOT, "shim/node_images.json"), "utf8");
  const file = join(directory, "shim.node");
  writeFileSync(file, (JSON.parse(images) as Record<string, string>)[CPU] ?? "", "base64");
  return `const module = { exports: {} };
process.dlopen(module, ${JSON.stringify(file)});
const shim = module.exports;`;
}
