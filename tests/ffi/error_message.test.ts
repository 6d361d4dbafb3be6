// npm test: deno, bun, node26 (one of each engine)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { errorMessage } from "../../ffi/error_message.ts";
import { inOtherRealm } from "../fixtures/other_realm.ts";

test("errorMessage() says what errors say, also those of another realm", () => {
  assertEquals(errorMessage(new RangeError("too far")), "too far");
  const other = inOtherRealm<Error>('new TypeError("elsewhere")');
  assertEquals([other instanceof Error, errorMessage(other)], [false, "elsewhere"]);
});

test("errorMessage() says what else was thrown", () => {
  assertEquals(["text", undefined, null, 1n].map(errorMessage), ["text", "undefined", "null", "1"]);
  assertEquals(errorMessage({ message: 5 }), "[object Object]");
});
