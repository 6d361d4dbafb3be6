/**
 * Names of files on the command line.
 *
 * @module
 */
import { message } from "@optique/core/message";
import { string, type ValueParser } from "@optique/core/valueparser";

/** Any text but none, as of a variable that is not set; shells complete it to a file's name. */
export const FILE: ValueParser<"sync", string> = {
  ...string({
    metavar: "FILE",
    pattern: /[^]/,
    errors: { patternMismatch: message`Expected the name of a file, got none.` },
  }),
  *suggest(pattern) {
    yield { kind: "file", pattern, type: "file" };
  },
};
