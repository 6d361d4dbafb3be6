/** Where the rules of the clocksource say something, and where they do not. */
import { assertEquals, assertMatch } from "@std/assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fillFacts, parseFacts, type PartialFacts } from "../../../doctor/facts/shape.ts";
import { CLOCK_RULES } from "../../../doctor/rules/clock.ts";
import { ROOT } from "../../support.ts";

const VDSO = { entries: { clock_gettime: "vdso" }, mapped: true };

function find(facts: PartialFacts) {
  return CLOCK_RULES.flatMap((rule) => rule(fillFacts(facts)) ?? []);
}
const ids = (facts: PartialFacts) => find(facts).map(({ id }) => id);
const costing = (nativeNs: number, syscallNs: number) => ({
  clocks: { monotonic: { nativeNs, syscallNs } },
});

test("clock.syscall goes by the ratio of costs, and its severity by what they are", () => {
  const severity = (native: number, syscall: number) =>
    find({ vdso: VDSO, measured: costing(native, syscall) })[0]?.severity;
  assertEquals(severity(74, 100), undefined);
  assertEquals(severity(75, 100), "warning");
  assertEquals(severity(1000, 1000), "warning");
  assertEquals(severity(1001, 1000), "critical");
  // Slow, but not by the kernel: a slow machine.
  assertEquals(severity(2000, 9000), undefined);
});

test("clock.syscall is not of processes that have no vDSO", () => {
  assertEquals(
    ids({ vdso: { entries: { clock_gettime: "syscall" } }, measured: costing(200, 200) }),
    [],
  );
});

test("clock.syscall advises tsc only where it was measured, promised and offered", () => {
  const good: PartialFacts = {
    vdso: VDSO,
    measured: costing(600, 590),
    machine: { arch: "x86_64", invariant: true },
    clocksource: { current: "hpet", available: ["tsc", "hpet"], parameters: [] },
    counter: { costNs: 10 },
  };
  const advice = (facts: PartialFacts) => find(facts)[0]?.advice ?? "";
  assertMatch(advice(good), /echo tsc/);
  const worse: PartialFacts[] = [
    { ...good, machine: { arch: "x86_64", invariant: false } },
    { ...good, clocksource: { current: "hpet", available: ["hpet"], parameters: [] } },
    { ...good, counter: { costNs: 400 } },
    { ...good, counter: { costNs: null } },
    { ...good, clocksource: { current: "tsc", available: ["tsc"], parameters: [] } },
    { ...good, clocksource: { ...good.clocksource, parameters: ["clocksource=hpet"] } },
  ];
  for (const facts of worse) {
    assertEquals(/echo tsc/.test(advice(facts)), false, JSON.stringify(facts));
  }
});

test("clock.syscall advises nothing in gVisor, whose coarse clock is its fine one", () => {
  const [finding] = find({
    vdso: VDSO,
    measured: costing(1500, 1400),
    machine: { places: ["gvisor"] },
  });
  assertEquals([finding?.id, finding?.advice], ["clock.syscall", null]);
});

test("clock.tsc-rejected is of physical machines alone, and not where somebody asked for it", () => {
  const rejected: PartialFacts = {
    machine: { arch: "x86_64", invariant: true, hypervisor: "" },
    clocksource: { current: "acpi_pm", available: ["acpi_pm"], parameters: [] },
  };
  assertEquals(ids(rejected), ["clock.tsc-rejected"]);
  const others: PartialFacts[] = [
    { ...rejected, machine: { ...rejected.machine, hypervisor: "KVMKVMKVM" } },
    { ...rejected, machine: { ...rejected.machine, hypervisor: null } },
    { ...rejected, machine: { ...rejected.machine, invariant: false } },
    { ...rejected, clocksource: { ...rejected.clocksource, available: ["tsc", "acpi_pm"] } },
  ];
  for (const facts of others) assertEquals(ids(facts), []);
  // Whatever it is called, programs read it.
  assertEquals(ids({ ...rejected, vdso: VDSO, measured: costing(20, 100) }), []);
  for (const parameter of ["notsc", "tsc=unstable"]) {
    const asked = { ...rejected.clocksource, parameters: [parameter] };
    assertEquals(ids({ ...rejected, clocksource: asked }), ["clock.boot-parameter"]);
  }
});

test("clock.boot-parameter is a warning only where readings are slow for it", () => {
  const severity = (parameter: string, native: number, current = "hpet") =>
    find({
      vdso: VDSO,
      measured: costing(native, 100),
      clocksource: { parameters: [parameter], current },
    }).find(({ id }) => id === "clock.boot-parameter")?.severity;
  assertEquals(severity("clocksource=hpet", 100), "warning");
  assertEquals(severity("clocksource=tsc", 100, "tsc"), "information");
  assertEquals(severity("tsc=unstable", 20), "information");
  assertEquals(severity("vsyscall=none", 100), "information");
  assertEquals(severity("nohz=off", 100), undefined);
});

/** A platform of the fixtures whose kernel got a boot parameter: findings of the clock. */
function booted(platform: string, parameter: string) {
  const file = join(ROOT, `tests/fixtures/platforms/${platform}.json`);
  const { version: _, ...facts } = parseFacts(readFileSync(file, "utf8"));
  const found = find({ ...facts, clocksource: { ...facts.clocksource, parameters: [parameter] } });
  return (id: string) => found.find((finding) => finding.id === id);
}

test("clock.boot-parameter is no cause where the parameter takes away no fast clock", () => {
  const others: [platform: string, parameter: string, id: string, advice: RegExp][] = [
    ["docker_desktop_hpet", "vsyscall=emulate", "clock.syscall", /^Restart Docker Desktop/],
    ["aws_xen", "vsyscall=none", "clock.syscall", /echo tsc >/],
    ["bare_metal_tsc_rejected", "clocksource=tsc", "clock.tsc-rejected", /^Update firmware/],
    ["bare_metal_tsc_rejected", "clocksource=tsc", "clock.syscall", /^No better clocksource/],
    ["bare_metal_tsc_rejected", "tsc=reliable", "clock.syscall", /^No better clocksource/],
    ["jiffies", "vsyscall=none", "clock.jiffies", /^The hypervisor offers no clock/],
  ];
  for (const [platform, parameter, id, advice] of others) {
    const finding = booted(platform, parameter);
    assertMatch(finding(id)?.advice ?? "", advice);
    assertEquals(finding("clock.boot-parameter")?.severity, "information", platform + parameter);
  }
});

test("clock.boot-parameter is the cause where it does", () => {
  const causes: [platform: string, parameter: string, id: string][] = [
    ["bare_metal_chosen_hpet", "clocksource=hpet", "clock.syscall"],
    ["bare_metal_tsc_rejected", "notsc", "clock.syscall"],
    ["kvm_no_stable_bit", "no-kvmclock-vsyscall", "clock.syscall"],
    ["jiffies", "hpet=disable", "clock.jiffies"],
  ];
  for (const [platform, parameter, id] of causes) {
    const finding = booted(platform, parameter);
    assertMatch(finding(id)?.advice ?? "", /^See clock\.boot-parameter/);
    assertMatch(finding("clock.boot-parameter")?.severity ?? "", /warning|information/);
    assertEquals(finding("clock.guest-unstable"), undefined);
    assertEquals(finding("clock.tsc-rejected"), undefined);
  }
});

test("clock.guest-unstable says the same as clock.syscall of a counter that is offered", () => {
  const facts: PartialFacts = {
    vdso: VDSO,
    measured: costing(310, 300),
    machine: { arch: "x86_64", invariant: true, hypervisor: "KVMKVMKVM" },
    clocksource: { current: "kvm-clock", available: ["kvm-clock", "tsc"], parameters: [] },
    counter: { costNs: 10 },
  };
  const advice = find(facts).map(({ advice }) => advice ?? "");
  assertMatch(advice[0] ?? "", /echo tsc >/);
  assertMatch(advice[1] ?? "", /^See clock\.syscall/);
});

test("clock.jiffies goes by the name or by the steps", () => {
  assertEquals(ids({ clocksource: { current: "refined-jiffies" } }), ["clock.jiffies"]);
  assertEquals(ids({ measured: { stepNs: 1e6 } }), ["clock.jiffies"]);
  assertEquals(ids({ measured: { stepNs: 999_999 } }), ["clock.granularity"]);
  assertEquals(ids({ measured: { stepNs: 10 } }), []);
  // The name of another machine.
  assertEquals(ids({ clocksource: { current: "jiffies" }, measured: { stepNs: 1 } }), []);
});

test("clock.jiffies advises what is offered, unless somebody chose it", () => {
  const advice = (clocksource: PartialFacts["clocksource"]) =>
    find({ clocksource: { current: "jiffies", ...clocksource } })
      .find(({ id }) => id === "clock.jiffies")?.advice ?? "";
  assertMatch(advice({ available: ["refined-jiffies", "jiffies"] }), /^The kernel found no timer/);
  assertMatch(advice({ available: ["acpi_pm", "jiffies"] }), /echo acpi_pm >/);
  assertMatch(
    advice({ available: ["acpi_pm"], parameters: ["clocksource=jiffies"] }),
    /^See clock\.boot-parameter/,
  );
});

test("clock.backwards is critical, and tells the first time", () => {
  const [finding] = find({ measured: { hops: 90, backwards: 2, backwardsFirst: "lost 5 ns" } });
  assertEquals([finding?.id, finding?.severity], ["clock.backwards", "critical"]);
  assertEquals(finding?.evidence.map(({ value }) => value), [2, 90, "lost 5 ns"]);
  assertEquals(ids({ measured: { hops: 90, backwards: 0 } }), []);
});
