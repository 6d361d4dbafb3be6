// npm test: node26 (what is refused is the same in each)
import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { allowedCpus } from "../../jitter/affinity.ts";
import { jitter, jitterPerCpu } from "../../jitter/mod.ts";
import { checkCpus, checkSettings } from "../../jitter/options.ts";

test("checkSettings() fills in what is left out", () => {
  const keys = ["time", "threshold", "top"];
  assertEquals(checkSettings({}, keys), { timeNs: 1e9, thresholdNs: 1000, top: 10 });
  assertEquals(checkSettings({ time: 0.5, threshold: 0, top: 1000 }, keys), {
    timeNs: 5e5,
    thresholdNs: 0,
    top: 1000,
  });
});

test("jitter() throws for options that cannot be", () => {
  const rangeErrors: [string, Parameters<typeof jitter>[0]][] = [
    ["`time`", { time: 0 }],
    ["`time`", { time: NaN }],
    ["`time`", { time: 1e9 }],
    ["`threshold`", { threshold: -1 }],
    ["`threshold`", { threshold: Infinity }],
    ["`top`", { top: 0 }],
    ["`top`", { top: 1.5 }],
    ["`cpu`", { cpu: -1 }],
    ["`cpu`", { cpu: 8191 }],
  ];
  for (const [name, options] of rangeErrors) {
    assertThrows(() => jitter(options), RangeError, name);
  }
  for (const options of [null, 7, { cpus: [0] }, { durationn: 1 }]) {
    assertThrows(() => jitter(options as never), TypeError, "`options`");
  }
  for (const name of ["time", "threshold", "top", "cpu", "onProgress"]) {
    assertThrows(() => jitter({ [name]: "1" }), TypeError, `\`${name}\``);
  }
});

test("jitterPerCpu() rejects options that cannot be", async () => {
  const rejected = async (options: unknown) => {
    const error: unknown = await jitterPerCpu(options as never).catch((error: unknown) => error);
    return error instanceof Error ? `${error.name}: ${error.message.slice(0, 15)}` : "nothing";
  };
  assertEquals(await rejected({ cpus: [] }), "TypeError: Expected `cpus`");
  assertEquals(await rejected({ cpus: [8191] }), "RangeError: Expected `cpus`");
  assertEquals(await rejected({ cpus: ["0"] }), "TypeError: Expected `cpus`");
  assertEquals(await rejected({ cpu: 0 }), "TypeError: Expected the ke");
});

test("checkCpus() takes each CPU once", () => {
  const [one = 0] = allowedCpus();
  assertEquals(checkCpus("cpus", [one, one]), [one]);
});
