/** Where the rules of vDSO and system calls say something, and where they do not. */
import { assertEquals, assertMatch } from "@std/assert";
import { test } from "node:test";
import { fillFacts, type PartialFacts } from "../../../doctor/facts/shape.ts";
import { VDSO_RULES } from "../../../doctor/rules/vdso.ts";

const find = (facts: PartialFacts) => VDSO_RULES.flatMap((rule) => rule(fillFacts(facts)) ?? []);

test("vdso.missing is of processes that have none, and not of those of which that is not known", () => {
  const missing = { mapped: false, reason: "The kernel maps no vDSO into this process" };
  assertEquals(find({ vdso: missing })[0]?.id, "vdso.missing");
  assertEquals(find({ vdso: { ...missing, mapped: null } }), []);
  assertMatch(
    find({ vdso: missing, clocksource: { parameters: ["vdso=0"] } })[0]?.advice ?? "",
    /started with vdso=0/,
  );
});

test("vdso.partial is information, unless the clock itself is missing", () => {
  const partial = (arch: string, ...without: string[]) => {
    const entries = Object.fromEntries(
      ["clock_gettime", "time", "getcpu", "getrandom"].map((entry) => [
        entry,
        without.includes(entry) ? "syscall" : "vdso",
      ]),
    );
    return find({ machine: { arch }, vdso: { mapped: true, entries } })[0];
  };
  assertEquals(partial("x86_64"), undefined);
  assertEquals(partial("x86_64", "getrandom")?.severity, "information");
  assertMatch(partial("x86_64", "getrandom")?.advice ?? "", /^getrandom is there from Linux 6\.11/);
  assertMatch(partial("aarch64", "time", "getcpu")?.advice ?? "", /^No kernel of this CPU/);
  assertEquals(partial("x86_64", "clock_gettime")?.severity, "warning");
});

test("syscall.slow needs a cause, and matters only where clocks take system calls", () => {
  const slow = (process: PartialFacts["process"], native: number) =>
    find({
      process: process ?? {},
      vdso: { entries: { clock_gettime: "vdso" } },
      measured: {
        nullSyscallNs: 1500,
        clocks: { monotonic: { nativeNs: native, syscallNs: 1600 } },
      },
    })[0];
  assertEquals(slow({ traced: false, seccomp: 0 }, 30), undefined);
  assertEquals(slow({ seccomp: 2 }, 30)?.severity, "information");
  assertEquals(slow({ seccomp: 2 }, 1600)?.severity, "warning");
  assertMatch(JSON.stringify(slow({ traced: true, seccomp: 2 }, 30)), /tracer.*; a seccomp filter/);
  assertEquals(find({ process: { traced: true }, measured: { nullSyscallNs: 1000 } }), []);
});
