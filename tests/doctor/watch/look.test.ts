/** Looks at this machine, and at a device that is made up. */
// npm test: bun, node26 (one of each engine)
import { assert, assertEquals } from "@std/assert";
import { mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { disruptionReader, looker } from "../../../doctor/watch/look.ts";
import { inDirectory } from "../../cli/directory.ts";

test("looker() reads the clocks at one moment", () => {
  const look = looker();
  const [first, second] = [look(), look()];
  for (const clock of ["monotonic", "raw", "boottime", "realtime"] as const) {
    assert(second[clock] >= first[clock], clock);
  }
  assert(first.width > 0 && first.costRatio > 0);
  assertEquals(first.quota, new Map());
});

test("disruptionReader() reads the marker of struct vmclock_abi, and nothing else", () => {
  inDirectory((directory) => {
    const file = join(directory, "vmclock0");
    const page = new DataView(new ArrayBuffer(4096));
    page.setUint32(0, 0x4b4c4356, true);
    page.setBigUint64(16, 41n, true);
    const bytes = new Uint8Array(page.buffer);
    writeFileSync(file, bytes);
    const read = disruptionReader(file);
    assertEquals(read(), 41n);
    page.setBigUint64(16, 42n, true);
    writeFileSync(file, bytes);
    assertEquals(read(), 42n);
    // One that cannot be read for a while: it is no other.
    rmSync(file);
    mkdirSync(file);
    assertEquals(read(), 42n);
    rmdirSync(file);
    page.setBigUint64(16, 43n, true);
    writeFileSync(file, bytes);
    assertEquals(read(), 43n);
    page.setUint32(0, 0, true);
    writeFileSync(file, bytes);
    assertEquals(read(), undefined);
    const absent = join(directory, "nothing");
    const readAbsent = disruptionReader(absent);
    assertEquals(readAbsent(), undefined);
    page.setUint32(0, 0x4b4c4356, true);
    writeFileSync(absent, bytes);
    assertEquals(readAbsent(), undefined); // it is asked for no more
  });
});
