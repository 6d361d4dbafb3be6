/** What others have written to Object.prototype is no option of anything here. */
// npm test: deno, bun, node22, node26 (one of each FFI)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { expectedFfi, full, libraryFfi, nodeMajor, run, runtime } from "../support.ts";

function check(ffi: string, addon: boolean): void {
  const { code, stdout, stderr } = run("tests/fixtures/polluted_options.ts", [], { addon });
  assertEquals(code, 0, stderr);
  assertEquals(JSON.parse(stdout), {
    ffi,
    readings: ["number", "number", "number"],
    modes: ["throughput", "throughput"],
    names: ["given", "declared"],
    skipped: 0,
    verdict: "slower",
    long: false,
  });
}

test("nothing that is inherited is an option", {
  skip: !full && nodeMajor === 22 && "in the full tier: the addon is Node 26's, too",
  timeout: 60_000,
}, () => {
  check(expectedFfi, true);
});

test("nothing that is inherited is an option of an FFI that opens libraries", {
  skip: runtime !== "node" && "that is this runtime's only one, and tested above",
  timeout: 60_000,
}, () => {
  check(libraryFfi, false);
});
