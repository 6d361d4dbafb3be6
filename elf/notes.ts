/**
 * The notes: entries of the PT_NOTE segments.
 *
 * @module
 */
import { decode, invalid, type Table } from "./table.ts";
import type { ElfNote, ElfSegment } from "./types.ts";

const PT_NOTE = 4;

const NT_GNU_BUILD_ID = 3;
const NT_LINUX_VERSION = 0;

/** gABI chapter 5, "Note Section". */
export function readNotes(image: Table, segments: readonly ElfSegment[]): ElfNote[] {
  const notes: ElfNote[] = [];
  let room = image.size; // overlapping segments could hold more notes than the image has bytes
  for (const { type, offset, fileSize, align } of segments) {
    if (type !== PT_NOTE) continue;
    room -= fileSize;
    if (room < 0) invalid("PT_NOTE", offset, "overlaps another one");
    const table = image.part("PT_NOTE", offset, fileSize);
    // The gABI asks for 8 in 64-bit objects. Everyone pads to 4, except where p_align is 8 (Linux
    // gABI extensions, .note.gnu.property).
    const unit = align === 8 ? 8 : 4;
    const pad = (at: number) => Math.ceil(at / unit) * unit;
    for (let at = 0; at < table.size;) {
      const nameSize = table.u32(at);
      const descSize = table.u32(at + 4);
      const desc = pad(at + 12 + nameSize);
      const name = nameSize === 0 ? "" : decode(table.bytes(at + 12, nameSize - 1));
      if (nameSize !== 0 && table.u8(at + 12 + nameSize - 1) !== 0) {
        invalid("PT_NOTE", offset + at, "has a name that does not end");
      }
      notes.push({ name, type: table.u32(at + 8), desc: table.bytes(desc, descSize) });
      at = pad(desc + descSize);
    }
  }
  return notes;
}

/** The GNU build id in hexadecimal. */
export function buildId(notes: readonly ElfNote[]): string | undefined {
  const note = notes.find(({ name, type }) => name === "GNU" && type === NT_GNU_BUILD_ID);
  return note && Array.from(note.desc, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** LINUX_VERSION_CODE, as the kernel writes it into a vDSO in its own byte order. */
export function linuxVersion(notes: readonly ElfNote[], little: boolean): string | undefined {
  const note = notes.find(({ name, type, desc }) =>
    name === "Linux" && type === NT_LINUX_VERSION && desc.length === 4
  );
  if (note === undefined) return undefined;
  const { buffer, byteOffset } = note.desc;
  const code = new DataView(buffer, byteOffset).getUint32(0, little);
  return `${code >>> 16}.${(code >>> 8) & 0xff}.${code & 0xff}`;
}
