/** Where the rules of the wall clock say something, and where they do not. */
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { fillFacts, type PartialFacts } from "../../../doctor/facts/shape.ts";
import { slewPpm, WALL_RULES } from "../../../doctor/rules/wall.ts";

const find = (wall: PartialFacts["wall"], places: string[] = []) =>
  WALL_RULES.flatMap((rule) => rule(fillFacts({ wall: wall ?? {}, machine: { places } })) ?? [])
    .map(({ id, severity }) => `${severity} ${id}`);

test("the bound of the error counts, not the flag", () => {
  assertEquals(find({ maxerrorUs: 16e6 }), ["warning wall.unsynchronised"]);
  assertEquals(find({ maxerrorUs: 16e6 - 1 }), ["warning wall.error"]);
  assertEquals(find({ maxerrorUs: 1e6, status: 0x40, state: 5 }), []);
  assertEquals(find({ maxerrorUs: null, status: 0x40 }), []);
});

test("where a host may set the clock, nobody knows", () => {
  for (const place of ["wsl", "docker-desktop"]) {
    assertEquals(find({ maxerrorUs: 16e6 }, [place]), ["unknown wall.unsynchronised"]);
  }
});

test("slewPpm() adds the tick's part to that of the frequency", () => {
  assertEquals(slewPpm({ tickUs: 10_000, freqPpm: -12.5 }), -12.5);
  assertEquals(slewPpm({ tickUs: 10_744, freqPpm: 43 }), 74_443); // microsoft/WSL#8204
  assertEquals(slewPpm({ tickUs: null, freqPpm: 1 }), null);
  assertEquals(find({ tickUs: 9_995, freqPpm: 0 }), []);
  assertEquals(find({ tickUs: 9_995, freqPpm: -1 }), ["warning wall.slewing"]);
});

test("leap seconds and TAI", () => {
  assertEquals(find({ status: 0x10 }), ["information leap.pending"]);
  assertEquals(find({ status: 0x20 }), ["information leap.pending"]);
  assertEquals(find({ status: 0x2001, taiS: 37 }), []);
  assertEquals(find({ taiS: 0 }), ["information tai.unset"]);
});
