/**
 * `vdso symbols` and `vdso dump`: the image in detail.
 *
 * @module
 */
import { inspect } from "../mod.ts";
import { columns, toJson } from "./output.ts";
import { isStandardOutput, writeWhole } from "./write_file.ts";

/** Lists the symbols. */
export function symbolsCommand({ json }: { json: boolean }): string {
  const symbols = inspect().symbols.map(({ name, version, offset, size, type, binding }) => ({
    name,
    version: version ?? null,
    offset: offset ?? null,
    size,
    type,
    binding,
  }));
  if (json) return toJson({ symbols });
  const rows = symbols.map(({ name, version, offset, size, type, binding }) => [
    name,
    version ?? "",
    offset === null ? "" : `0x${offset.toString(16)}`,
    String(size),
    type,
    binding,
  ]);
  return columns(["symbol", "version", "offset", "size", "type", "binding"], rows);
}

/** Writes the image. */
export function dumpCommand({ file }: { file: string }): string {
  const { image, soname = "the vDSO" } = inspect();
  writeWhole(file, image);
  if (isStandardOutput(file)) return ""; // words would be part of the image
  return `Wrote ${soname}, ${image.length} bytes, to ${file}`;
}
