/** The kernel's files, and what is said of those that may not be read. */
// npm test: node26 (it only reads)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { kernelFiles } from "../../../doctor/facts/files.ts";

test("kernelFiles() names no group: those are called as containers and users are", () => {
  const reason = (path: string) => {
    const found = kernelFiles().read(path);
    return "reason" in found ? found.reason : "";
  };
  assertEquals(
    reason("/sys/fs/cgroup/user.slice/alice/cpu.stat"),
    "/sys/fs/cgroup/.../cpu.stat: no such file",
  );
  assertEquals(reason("/sys/fs/cgroup/nothing"), "/sys/fs/cgroup/nothing: no such file");
  assertEquals(reason("/proc/nothing/stat"), "/proc/nothing/stat: no such file");
});
