/** Where the rules of virtual machines and namespaces say something, and where they do not. */
import { assertEquals, assertMatch } from "@std/assert";
import { test } from "node:test";
import { fillFacts, type PartialFacts } from "../../../doctor/facts/shape.ts";
import { VM_RULES } from "../../../doctor/rules/vm.ts";

const find = (facts: PartialFacts) => VM_RULES.flatMap((rule) => rule(fillFacts(facts)) ?? []);
const ids = (facts: PartialFacts) => find(facts).map(({ id }) => id);

test("vm.restored takes a clock that is far from the device, but no time zone", () => {
  const apart = (rtcS: number, hypervisor = "KVMKVMKVM") =>
    ids({ wall: { rtcS }, machine: { hypervisor } });
  assertEquals(apart(5), []);
  assertEquals(apart(-64), ["vm.restored"]);
  assertEquals(apart(6), ["vm.restored"]);
  assertEquals(apart(7200), []);
  assertEquals(apart(-20_703 + 3), []); // five hours and three quarters
  assertEquals(apart(7260), ["vm.restored"]);
  assertEquals(apart(-64, ""), []);
});

test("vm.restored knows a guest of a CPU that does not say so by what is there", () => {
  const found = (facts: PartialFacts) =>
    ids({ wall: { rtcS: 300 }, ...facts, machine: { arch: "aarch64", ...facts.machine } })
      .includes("vm.restored");
  const of = (vendor: string, product: string) => found({ machine: { vendor, product } });
  assertEquals(found({}), false);
  assertEquals(found({ vm: { vmclock: true, ptp: [] } }), true);
  assertEquals(found({ vm: { ptp: ["ena-ptp", "KVM virtual PTP"] } }), true);
  assertEquals(found({ vm: { ptp: ["ena-ptp"] } }), false);
  assertEquals(of("QEMU", "QEMU Virtual Machine"), true);
  assertEquals(of("Google", "Google Compute Engine"), true);
  assertEquals(of("Microsoft Corporation", "Virtual Machine"), true);
  assertEquals(of("Microsoft Corporation", "Surface"), false);
  assertEquals(of("Amazon EC2", "m7g.large"), true);
  assertEquals(of("Amazon EC2", "m7g.metal"), false);
  assertEquals(found({ machine: { vendor: "QEMU", hypervisor: "" } }), false);
});

test("vm.time-sync names the host's clocks, and no network card", () => {
  assertEquals(ids({ vm: { ptp: ["KVM virtual PTP"] } }), ["vm.time-sync"]);
  assertEquals(ids({ vm: { ptp: ["hyperv"], vmclock: false } }), ["vm.time-sync"]);
  assertEquals(ids({ vm: { ptp: ["ice-0000:01:00.0"], vmclock: false } }), []);
  assertEquals(ids({ vm: { vmclock: true } }), ["vm.time-sync"]);
});

test("suspend.seen does not take a time namespace for sleep", () => {
  const time = (suspendedS: number, boottimeOffsetS = 0, monotonicOffsetS = 0) =>
    ids({ time: { suspendedS, boottimeOffsetS, monotonicOffsetS } });
  assertEquals(time(0.1), []);
  assertEquals(time(3600), ["suspend.seen"]);
  assertEquals(time(100_000, 200_000, 100_000), ["timens.shifted"]);
  assertEquals(time(-86_400, 0, 86_400), ["timens.shifted"]);
  assertEquals(time(3600 - 86_400, 0, 86_400), ["suspend.seen", "timens.shifted"]);
  assertEquals(time(103_600, 200_000, 100_000), ["suspend.seen", "timens.shifted"]);
  assertEquals(ids({ time: { suspendedS: 3600 }, machine: { places: ["gvisor"] } }), []);
});

test("uptime.precision begins at 104 days, and says by how much", () => {
  const after = (days: number) => find({ time: { uptimeS: days * 86_400 } })[0]?.meaning ?? "";
  assertEquals(after(104), "");
  assertMatch(after(105), /rounded to 2 ns/);
  assertMatch(after(209), /rounded to 4 ns/);
  assertMatch(after(500), /rounded to 8 ns/);
});
