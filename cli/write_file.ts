/**
 * Writes files whole: beside the old one, whose place the new one then takes. Whoever reads the file
 * meanwhile, or has mapped it, has the old one or the new one, and what a failure leaves is the old
 * one.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileError } from "./file_error.ts";
import { isGranted } from "./permissions.ts";
import { print } from "./standard_output.ts";

/** How to write it. */
export interface WriteOptions {
  /** The permissions of a new file, before the umask; 0o666 if left out. */
  readonly mode?: number;
  /** Those that the file has in no case, although an old one had them: 0o022 of others' writing. */
  readonly never?: number;
  /** Programs may have mapped the old file. They would crash if that changed under them. */
  readonly mapped?: boolean;
}

/** Devices and descriptors are written to as they are: nothing can take their place. */
const SPECIAL = /^\/(dev(?!\/shm\/)|proc)\//;
const STANDARD_OUTPUT = /^\/(dev\/stdout|dev\/fd\/1|proc\/(self|thread-self)\/fd\/1)$/;
const STANDARD_ERROR = /^\/(dev\/stderr|dev\/fd\/2|proc\/(self|thread-self)\/fd\/2)$/;
const MAX_LINKS = 40; // the kernel's own limit, path_resolution(7)

/** Whether it is another name of standard output: `-`, `/dev/stdout`, or a link to that. */
export function isStandardOutput(file: string): boolean {
  return file === "-" || STANDARD_OUTPUT.test(follow(file));
}

/**
 * Writes a file, or what it is a link to.
 *
 * @throws {Error} in words; then an old file is what it was
 */
export function writeWhole(
  file: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): void {
  if (isStandardOutput(file)) return print(data);
  try {
    const path = follow(file);
    const old = statOf(path);
    if (STANDARD_ERROR.test(path)) process.stderr.write(data);
    else if (isSpecial(path, old)) append(path, data);
    else replace(path, old, data, options);
  } catch (error) {
    throw fileError("write", file, error);
  }
}

/**
 * Before there is anything to write. Leaves what is there as it is.
 *
 * @throws {Error} in words, if the file could not be written
 */
export function checkWritable(file: string): void {
  if (isStandardOutput(file)) return;
  try {
    const path = follow(file);
    if (isSpecial(path, statOf(path))) return; // a pipe would wait for its reader
    // Opened, not asked for: no other way takes the same permissions, in Deno and on every disk.
    try {
      closeSync(openSync(path, "wx"));
      unlinkSync(path);
    } catch (error) {
      if ((error as { code?: string }).code !== "EEXIST") throw error;
      closeSync(openSync(path, "a"));
    }
  } catch (error) {
    throw fileError("write", file, error);
  }
}

/** The file itself, if it is a symbolic link, up to a special one. */
function follow(file: string): string {
  let path = resolve(file);
  for (let links = 0; links < MAX_LINKS && !SPECIAL.test(path) && mayRead(path); links++) {
    try {
      path = join(realpathSync(dirname(path)), basename(path));
      path = resolve(dirname(path), readlinkSync(path));
    } catch { // it is no link, or is not there
      break;
    }
  }
  return path;
}

/** Undefined if it is not there, or if nobody may know. */
function statOf(path: string): Stats | undefined {
  return mayRead(path) ? statSync(path, { throwIfNoEntry: false }) : undefined;
}

function isSpecial(path: string, stats: Stats | undefined): boolean {
  if (stats === undefined) return SPECIAL.test(path);
  return !stats.isFile() && !stats.isDirectory() || SPECIAL.test(path);
}

/** What `>` of a shell does, but for what a regular file behind a descriptor already has. */
function append(path: string, data: string | Uint8Array): void {
  writeFileSync(path, data, { flag: "a" });
}

function replace(
  path: string,
  old: Stats | undefined,
  data: string | Uint8Array,
  options: WriteOptions,
): void {
  if (old?.isDirectory()) throw Object.assign(new Error("A directory"), { code: "EISDIR" });
  if (!mayRename(path)) return overwrite(path, old, data, options);
  const beside = join(dirname(path), `.vdso-${randomUUID()}`);
  try {
    create(beside, old, data, options);
    renameSync(beside, path);
  } catch (error) {
    attempt(() => unlinkSync(beside));
    // The directory takes no new file, or the file is a mount point, as containers have them.
    const { code = "" } = error as { code?: string };
    if (old === undefined || !["EACCES", "EBUSY", "EPERM", "EROFS"].includes(code)) throw error;
    overwrite(path, old, data, options);
  }
}

/** Makes a file, with the permissions and the owner of the old one. */
function create(
  path: string,
  old: Stats | undefined,
  data: string | Uint8Array,
  { mode = 0o666, never = 0 }: WriteOptions,
): void {
  const kept = old === undefined ? mode : old.mode & 0o777 & ~never;
  const file = openSync(path, "wx", kept);
  try {
    writeFileSync(file, data);
    fsyncSync(file); // so that the rename does not reach the disk before it
  } finally {
    closeSync(file);
  }
  if (old === undefined) return;
  const { uid, gid } = statSync(path);
  // If that is not permitted, it stays ours.
  if (uid !== old.uid || gid !== old.gid) attempt(() => chownSync(path, old.uid, old.gid));
  chmodSync(path, kept); // whatever the umask says
}

/** Where nothing can be written beside it. If it fails, the old bytes go back. */
function overwrite(
  path: string,
  old: Stats | undefined,
  data: string | Uint8Array,
  options: WriteOptions,
): void {
  const bytes = old === undefined ? undefined : readFileSync(path);
  const isGone = attempt(() => unlinkSync(path));
  if (!isGone && old !== undefined && options.mapped) {
    throw new Error("programs may have mapped it, and no other can take its place");
  }
  const write = (data: string | Uint8Array) =>
    isGone || old === undefined ? create(path, old, data, options) : writeFileSync(path, data);
  try {
    write(data);
  } catch (error) {
    if (isGone) attempt(() => unlinkSync(path));
    if (bytes !== undefined) attempt(() => write(bytes));
    throw error;
  }
}

/** Whether it went well. */
function attempt(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

function mayRead(path: string): boolean {
  return isGranted({ name: "read", path });
}

function mayRename(path: string): boolean {
  return ["read" as const, "write" as const].every((name) =>
    isGranted({ name, path: dirname(path) })
  );
}
