/**
 * Names of files on the command line.
 *
 * @module
 */
import { string, type ValueParser } from "@optique/core/valueparser";

/** Any text; shells complete it to a file's name. */
export const FILE: ValueParser<"sync", string> = {
  ...string({ metavar: "FILE" }),
  *suggest(pattern) {
    yield { kind: "file", pattern, type: "file" };
  },
};
