// npm test: bun, node26 (one of each engine)
import { assertEquals } from "@std/assert";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { native, SHIM_REFERENCE } from "../../core/internals.ts";
import { cpusOf, hop, maskOf } from "../../doctor/hop.ts";
import { clockGettime, cpu } from "../../mod.ts";

const skip = availableParallelism() < 2 && "there is one CPU";

test("hop() reads on two CPUs, and leaves the thread free to run on all", { skip }, () => {
  const { vdso_affinity } = native().shim.open(SHIM_REFERENCE);
  const mask = () => {
    const bytes = new Uint8Array(1024);
    return cpusOf(bytes.subarray(0, vdso_affinity(0, bytes, bytes.length)));
  };
  const before = mask();
  const places: number[] = [];
  const compare = hop(() => {
    places.push(cpu());
    return clockGettime(1);
  });
  for (let i = 0; i < 20; i++) assertEquals(compare(), undefined);
  assertEquals(mask(), before);
  for (let i = 0; i < 40; i += 2) assertEquals(places[i] === places[i + 1], false, `${places}`);
});

test("hop() tells of a clock that is behind on another CPU", { skip }, () => {
  const values = [5n, 4n];
  const told = hop(() => values.shift() ?? 0n)();
  assertEquals(/^5 on CPU \d+, then 4 on CPU \d+$/.test(told ?? ""), true, String(told));
});

test("masks have a bit for each CPU", () => {
  assertEquals(cpusOf(Uint8Array.of(0b101, 0x80)), [0, 2, 15]);
  assertEquals(cpusOf(maskOf(77)), [77]);
});
