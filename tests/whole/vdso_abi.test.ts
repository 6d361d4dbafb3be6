// both tiers: node26 (it is the same, whatever runs the test)
import { assert, assertEquals } from "@std/assert";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { sources } from "../../mod.ts";
import { nativeProgram, skipWithoutGcc } from "../native.ts";

const EFAULT = "-14";
const SIGSEGV = "signal 11";

test("the vDSO's functions treat bad pointers as the system calls do, or die of them", {
  skip: skipWithoutGcc,
  timeout: 30_000,
}, () => {
  const lines = execFileSync(nativeProgram("vdso_abi"), { encoding: "utf8" }).trimEnd().split("\n");
  const seen = new Set<string>();
  for (const line of lines) {
    const [call = "", vdso = "", syscall = ""] = line.split(" / ");
    const [entry = "", pointer = ""] = call.split(" ");
    seen.add(entry);
    // What the system call takes the vDSO must take, NULL for one; what it refuses must not succeed.
    if (syscall === "0") assertEquals(vdso, "0", line);
    else {
      assertEquals(syscall, EFAULT, line);
      // clock_gettime(2) alone has no use for NULL.
      assert(pointer !== "writable" && pointer !== "unaligned", line);
      assert(vdso === EFAULT || vdso === SIGSEGV, line);
    }
  }
  const live = Object.entries(sources().entries).filter(([, source]) => source === "vdso");
  const names = live.map(([entry]) => entry).filter((entry) => entry !== "getrandom");
  assertEquals([...seen].sort(), names.sort());
});
