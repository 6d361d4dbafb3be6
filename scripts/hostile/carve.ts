/**
 * Carves vDSO images out of kernels, for which no package has them as files.
 *
 * It reads ELF headers by itself, without elf/: what that fails to understand must still be found,
 * and be seen to fail.
 */
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** A vDSO image. */
export interface CarvedImage {
  /** Class and e_machine: `"64/183"`. */
  readonly kind: string;
  readonly bytes: Uint8Array;
}

/** How kernels are packed: by the magic number, and what unpacks it up to whatever follows. */
const PACKERS = [
  { magic: "\xfd7zXZ\0", command: ["xz", "-dc", "--single-stream"] },
  { magic: "\x28\xb5\x2f\xfd", command: ["zstd", "-dcq"] },
  { magic: "\x1f\x8b\x08", command: ["gzip", "-dc"] },
];
const LEAST_KERNEL = 2_000_000;

/** The images in a kernel, packed or not, each once, by kind. */
export async function carve(kernel: string): Promise<CarvedImage[]> {
  const file = readFileSync(kernel);
  let images = findImages(file);
  for (const { magic, command } of images.length > 0 ? [] : PACKERS) {
    for (const at of places(file, magic)) {
      const unpacked = await unpack(command, file.subarray(at));
      if (unpacked.length >= LEAST_KERNEL) images = findImages(unpacked);
      if (images.length > 0) break;
    }
    if (images.length > 0) break;
  }
  return images.sort((a, b) => a.kind.localeCompare(b.kind) || a.bytes.length - b.bytes.length);
}

function* places(file: Uint8Array, magic: string): Generator<number> {
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const bytes = Buffer.from(magic, "latin1");
  for (let at = -1; (at = buffer.indexOf(bytes, at + 1)) >= 0;) yield at;
}

/** What comes out: the programs object to what lies behind, so that their status says nothing. */
function unpack(
  [program = "", ...args]: readonly string[],
  packed: Uint8Array,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
    const chunks: Uint8Array[] = [];
    child.stdout.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    child.on("error", reject).on("close", () => resolve(new Uint8Array(Buffer.concat(chunks))));
    child.stdin.on("error", () => {}); // it may end before it has read all
    child.stdin.end(packed);
  });
}

const ET_DYN = 3;
const LARGEST_IMAGE = 1 << 18;
const SONAME = /linux-(?:vdso|gate)[0-9x]*\.so\.1\0/;

function findImages(file: Uint8Array): CarvedImage[] {
  const images = new Map<string, CarvedImage>();
  for (const at of places(file, "\x7fELF")) {
    const image = imageAt(file, at);
    if (image) images.set(Buffer.from(image.bytes).toString("base64"), image);
  }
  return [...images.values()];
}

/** The ELF shared object that starts here, up to the end of its section headers. */
function imageAt(file: Uint8Array, at: number): CarvedImage | undefined {
  if (at + 64 > file.length) return undefined;
  const view = new DataView(file.buffer, file.byteOffset + at, 64);
  const [bits, order] = [view.getUint8(4), view.getUint8(5)];
  if (bits < 1 || bits > 2 || order < 1 || order > 2) return undefined;
  const little = order === 1;
  if (view.getUint16(16, little) !== ET_DYN) return undefined;
  const [start, size, count] = bits === 2
    ? [
      Number(view.getBigUint64(40, little)),
      view.getUint16(58, little),
      view.getUint16(60, little),
    ]
    : [view.getUint32(32, little), view.getUint16(46, little), view.getUint16(48, little)];
  const length = start + size * count;
  if (count === 0 || length > LARGEST_IMAGE || at + length > file.length) return undefined;
  const bytes = file.slice(at, at + length);
  if (!SONAME.test(Buffer.from(bytes).toString("latin1"))) return undefined;
  return { kind: `${32 * bits}/${view.getUint16(18, little)}`, bytes };
}
