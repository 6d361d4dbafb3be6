/** What passes by itself, in facts that are made up. */
// npm test: node26 (it only computes, on what is made up)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { fillFacts, type PartialFacts } from "../../../doctor/facts/shape.ts";
import { passingChanges, passingFindings } from "../../../doctor/watch/passing.ts";

const facts = (cpu: PartialFacts["cpu"], wall: PartialFacts["wall"]) =>
  fillFacts({
    machine: { hypervisor: "KVMKVMKVM" },
    cpu: cpu ?? {},
    wall: wall ?? {},
    time: { suspendedS: 60 },
  });

test("passingFindings() are of the CPU, of the wall clock, and of the real-time clock device", () => {
  const ids = passingFindings(facts({ pressure: 80 }, { maxerrorUs: 16e6, rtcS: 300 }))
    .map(({ id }) => id);
  assertEquals(ids, ["cpu.pressure", "wall.unsynchronised", "vm.restored"]);
});

test("passingChanges() has what is there, with its figures, and what is over", () => {
  const before = facts({ pressure: 80, steal: 0.5 }, { taiS: 0 });
  const now = facts({ pressure: 20 }, { taiS: 0, maxerrorUs: 2e6 });
  assertEquals(
    passingChanges(before, now).map(({ finding: { id, evidence }, over }) => [
      `${over ? "-" : "+"}${id}`,
      evidence[0]?.value,
    ]),
    [["+cpu.pressure", 20], ["+wall.error", 2], ["+tai.unset", 0], ["-cpu.steal", 50]],
  );
});
