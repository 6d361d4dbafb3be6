import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { beginOf, withMarked } from "../../../scripts/measure/marked.ts";
import { ROOT } from "../../../scripts/runtimes.ts";

const WRITTEN = [
  ["README.md", "npm run bench"],
  ["README.md", "npm run bench:server"],
  ["docs/servers.md", "npm run bench:server"],
] as const;

test("withMarked() replaces what is between the marks, and nothing else", () => {
  for (const [file, command] of WRITTEN) {
    const text = readFileSync(join(ROOT, file), "utf8");
    const [one, two] = ["| one |", "| two |"].map((rows) => withMarked(text, command, rows));
    assertEquals(one?.replace("| one |", "| two |"), two);
    for (const line of ["## Permissions", "## Deno"].filter((line) => text.includes(line))) {
      assertStringIncludes(one ?? "", line);
    }
    for (const [, other] of WRITTEN) {
      assertEquals(one?.includes(beginOf(other)), text.includes(beginOf(other)));
    }
  }
});

test("withMarked() wants the marks", () => {
  for (const text of ["no marks", beginOf("npm run bench"), "<!-- End. -->"]) {
    assertThrows(() => withMarked(text, "npm run bench", ""), Error, "There is no");
  }
});
