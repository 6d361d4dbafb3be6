/**
 * `--json`, of every command that prints data.
 *
 * @module
 */
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import type { Parser } from "@optique/core/parser";
import { flag } from "@optique/core/primitives";

/** Whether it is given. */
export const JSON_FLAG: Parser<"sync", boolean> = withDefault(
  flag("--json", { description: message`Print one JSON object, with stable keys.` }),
  false,
);
