/** shim/load.ts where system calls are denied and directories mounted: it takes what is left. */
// npm test: deno, bun, node26 (one of each kind)
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { inDirectory } from "../../fixtures/bundle_project.ts";
import { denying, mounted, OWN_MOUNTS, TEMPORARY } from "../../launchers.ts";
import { nativeProgram, skipWithoutGcc } from "../../native.ts";
import { expectedSources, skipUnless } from "../../support.ts";
import { assertRuntimeClock, assertVdso, report, skipWithoutStrace, timeout } from "../reports.ts";

function temporaryFiles(): Set<string> {
  const paths = TEMPORARY.filter((directory) => existsSync(directory)).flatMap((directory) =>
    readdirSync(directory).map((name) => join(directory, name))
  );
  return new Set(paths.filter((path) => path.includes("/x-vdso-")));
}

/** Runs `work`, then waits until nothing is left of it. Other tests' files come and go meanwhile. */
async function leavingNothing<T>(work: () => T): Promise<T> {
  const before = temporaryFiles();
  const result = work();
  let left = temporaryFiles().difference(before);
  for (let i = 0; i < 50 && left.size > 0; i++) {
    await setTimeout(100);
    left = left.intersection(temporaryFiles());
  }
  assertEquals([...left], []);
  return result;
}

test("deny makes a system call fail as it was told", { skip: skipWithoutGcc }, () => {
  const stderr = (...words: string[]) =>
    spawnSync(nativeProgram("deny"), words, { encoding: "utf8", env: { LC_ALL: "C" } }).stderr;
  assertStringIncludes(stderr("mkdir,mkdirat", "mkdir", "/tmp/x-vdso"), "not permitted");
  assertStringIncludes(
    stderr("mkdir:ENOSYS,mkdirat:ENOSYS", "mkdir", "/tmp/x-vdso"),
    "not implemented",
  );
  assertStringIncludes(stderr("mkdri", "true"), "unknown system call: mkdri");
  assertEquals(stderr("mkdir", "true"), "");
  // No program starts without its libraries; droppable memory nobody misses.
  assertStringIncludes(stderr("mmap_exec_file", "true"), "failed to map segment");
  assertStringIncludes(stderr("mkdir,mmap_exec_file:ENOSYS", "true"), "failed to map segment");
  assertEquals(stderr("mmap_droppable", "true"), "");
});

test("sources() says that getrandom is a system call when its state cannot be mapped", {
  skip: skipWithoutGcc || expectedSources.entries.getrandom !== "vdso" &&
      "this kernel's vDSO has no getrandom: no states",
  timeout,
}, () => {
  for (const error of ["EPERM", "ENOSYS"]) {
    const { reason, entries } = report({ launcher: denying(`mmap_droppable:${error}`) }).sources;
    assertEquals(entries, { ...expectedSources.entries, getrandom: "syscall" });
    assertMatch(reason ?? "", /The vDSO's getrandom has no memory for its state$/);
  }
});

for (const error of ["EPERM", "ENOSYS"]) {
  test(`load() takes a file and leaves nothing when memfd_create(2) gives ${error}`, {
    skip: skipWithoutGcc,
    timeout,
  }, async () => {
    const launcher = denying(`memfd_create:${error}`);
    assertVdso(await leavingNothing(() => report({ launcher })));
  });
}

test(
  "load() makes a private file, and unlinks it before anything is bound, when memfd_create(2) is denied",
  {
    skip: skipWithoutGcc || skipWithoutStrace,
    timeout,
  },
  () => {
    inDirectory((directory) => {
      const log = join(directory, "strace");
      const syscalls = "trace=?mkdir,mkdirat,?creat,openat,?unlink,unlinkat,?rmdir,pipe2";
      const strace = ["strace", "-f", "-o", log, "-e", syscalls];
      assertVdso(report({ launcher: [...strace, ...denying("memfd_create")] }));
      const lines = readFileSync(log, "utf8").split("\n").map((line) => line.replace(/^\d+ +/, ""));
      const [, path = ""] = /"(\/tmp\/x-vdso-\w{6})"/.exec(lines.join("\n")) ?? [];
      const ours = lines.filter((line) => line.includes(path));
      assertMatch(ours[0] ?? "", /^mkdir(at)?\(.*, 0700\) += 0$/);
      assertMatch(ours[1] ?? "", /^(creat|openat)\(.*shim\.so".*, 0600\) += \d+$/);
      assertMatch(ours.at(-2) ?? "", /^unlink(at)?\(.*shim\.so".*\) += 0$/);
      assertMatch(ours.at(-1) ?? "", /^(rmdir|unlinkat)\(.*\) += 0$/);
      // The vDSO's image, through a pipe, is the first that the shim is called for and shows.
      const calls = lines.slice(lines.indexOf(ours.at(-1) ?? "") + 1);
      assert(calls.some((line) => line.startsWith("pipe2(")), "it was called, and then only");
    });
  },
);

test("now() answers from the runtime's clock when neither memfds nor files can be made", {
  skip: skipWithoutGcc,
  timeout,
}, () => {
  const launcher = denying("memfd_create,mkdir,mkdirat");
  const reason = new RegExp(
    "memfd_create\\(2\\) was refused; " +
      TEMPORARY.map((directory) => `mkdtemp\\(3\\) failed in ${directory}`).join("; "),
  );
  assertRuntimeClock(report({ launcher }), reason);
});

for (const syscall of ["process_vm_readv", "process_vm_readv:ENOSYS", "clock_gettime"]) {
  test(`now() is answered by the vDSO when a filter denies ${syscall}`, {
    skip: skipWithoutGcc,
    timeout,
  }, () => assertVdso(report({ launcher: denying(syscall) })));
}

const skipMounts = skipWithoutGcc || skipUnless(
  spawnSync(OWN_MOUNTS[0] ?? "", [...OWN_MOUNTS.slice(1), "true"]).status === 0,
  "mounting takes root",
  "REQUIRE_ROOT",
);

for (const option of ["noexec", "ro"] as const) {
  test(`load() takes a memfd when every temporary directory is mounted ${option}`, {
    skip: skipMounts,
    timeout,
  }, async () => {
    const launcher = mounted(option, TEMPORARY);
    assertVdso(await leavingNothing(() => report({ launcher })));
  });

  test(`load() takes a file of /var/tmp when memfds are denied and /tmp is mounted ${option}`, {
    skip: skipMounts,
    timeout,
  }, async () => {
    const launcher = [...denying("memfd_create"), ...mounted(option, ["/tmp"])];
    assertVdso(await leavingNothing(() => report({ launcher })));
  });
}

test("now() answers from the runtime's clock when memfds are denied and files are noexec", {
  skip: skipMounts,
  timeout,
}, async () => {
  const launcher = [...denying("memfd_create"), ...mounted("noexec", TEMPORARY)];
  // dlopen(3): failed to map segment from shared object
  const reason = /memfd_create\(2\) was refused; .*failed to map segment/;
  assertRuntimeClock(await leavingNothing(() => report({ launcher })), reason);
});

test("now() answers from the runtime's clock when memfds are denied and files are read-only", {
  skip: skipMounts,
  timeout,
}, async () => {
  const launcher = [...denying("memfd_create"), ...mounted("ro", TEMPORARY)];
  const reason = /memfd_create\(2\) was refused; mkdtemp\(3\) failed in \/tmp; /;
  assertRuntimeClock(await leavingNothing(() => report({ launcher })), reason);
});
