/**
 * What is wrong with a file, in words.
 *
 * @module
 */

import { readFileSync } from "node:fs";

/** By the code of the error, as far as words say it better than the system's own. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  ELOOP: "its symbolic links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "its path leads through a file that is no directory",
  EPERM: "that is not permitted",
  EROFS: "its file system is read-only",
};

/** `Cannot read base.json: there is no such file`. */
export function fileError(what: "read" | "write", file: string, error: unknown): Error {
  const { code = "", message } = error as { code?: string; message: string };
  const missing = what === "read" ? "there is no such file" : "there is no such directory";
  const reason = code === "ENOENT" ? missing : REASONS[code] ?? message;
  return new Error(`Cannot ${what} ${file}: ${reason}`, { cause: error });
}

/** @throws {Error} in words */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw fileError("read", file, error);
  }
}
