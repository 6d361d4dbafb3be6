/**
 * Everything beside the clocks of contenders.ts: a loop for each function, as its users would write
 * it. What was said there holds here: each loop is spelt out, and uses every result.
 *
 * A function that returns an object is kept from being optimized into one that does not: the last
 * object outlives its loop.
 */
import process from "node:process";
import {
  cpu,
  getcpu,
  getrandom,
  gettimeofday,
  hrTime,
  nowBoot,
  nowCoarse,
  nowRaw,
  processCpuTime,
  randomF64,
  randomU32,
  realtimeBigInt,
  realtimeMicros,
  sources,
  threadCpuTime,
  ticks,
  ticksToNs,
  time,
  timestampBigInt,
  UnsupportedError,
} from "../../mod.ts";
import type { OtherName } from "./results.ts";
import { type Batch, timed } from "./timed.ts";

type Batches = Readonly<Partial<Record<OtherName, Batch>>>;

/** The other contenders of this runtime. */
export function others(): Batches {
  return {
    ...wallClocks(),
    ...randomNumbers(),
    ...(sources().ffi !== "none" && nativeClocks()),
    ...(hasCounter() && counter()),
    ...cpuUsage(),
  };
}

/** Whether the CPU's counter is a clock here, and there is an FFI to read it. */
export function hasCounter(): boolean {
  try {
    ticks();
    return true;
  } catch (error) {
    if (error instanceof UnsupportedError) return false;
    throw error;
  }
}

function counter(): Batches {
  return {
    ticks: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += ticks();
      return sum;
    }),
    ticksToNs: timed((calls) => {
      let sum = 0.5;
      for (let i = 1; i <= calls; i++) sum += ticksToNs(i);
      return sum;
    }),
  };
}

/** What has no meaning without an FFI. */
function nativeClocks(): Batches {
  return {
    nowRaw: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += nowRaw();
      return sum;
    }),
    nowCoarse: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += nowCoarse();
      return sum;
    }),
    nowBoot: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += nowBoot();
      return sum;
    }),
    threadCpuTime: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += threadCpuTime();
      return sum;
    }),
    processCpuTime: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += processCpuTime();
      return sum;
    }),
    // From 1: the first CPU is number 0.
    cpu: timed((calls) => {
      let sum = 1;
      for (let i = 0; i < calls; i++) sum += cpu();
      return sum;
    }),
    getcpu: timed((calls) => {
      let last = getcpu();
      for (let i = 0; i < calls; i++) last = getcpu();
      return last.cpu + 1;
    }),
  };
}

function wallClocks(): Batches {
  return {
    realtimeBigInt: timed((calls) => {
      let last = 0n;
      for (let i = 0; i < calls; i++) last = realtimeBigInt();
      return last;
    }),
    timestampBigInt: timed((calls) => {
      let last = 0n;
      for (let i = 0; i < calls; i++) last = timestampBigInt();
      return last;
    }),
    hrTime: timed((calls) => {
      let last = hrTime();
      for (let i = 0; i < calls; i++) last = hrTime();
      return last[0];
    }),
    dateNow: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += Date.now();
      return sum;
    }),
    realtimeMicros: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += realtimeMicros();
      return sum;
    }),
    gettimeofday: timed((calls) => {
      let last = gettimeofday();
      for (let i = 0; i < calls; i++) last = gettimeofday();
      return last.sec;
    }),
    time: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += time();
      return sum;
    }),
  };
}

function cpuUsage(): Batches {
  const usage: Batches = {
    cpuUsage: timed((calls) => {
      let last = process.cpuUsage();
      for (let i = 0; i < calls; i++) last = process.cpuUsage();
      return last.user + last.system;
    }),
  };
  // Younger than the oldest Node 22.
  if (typeof process.threadCpuUsage !== "function") return usage;
  return {
    ...usage,
    threadCpuUsage: timed((calls) => {
      let last = process.threadCpuUsage();
      for (let i = 0; i < calls; i++) last = process.threadCpuUsage();
      return last.user + last.system;
    }),
  };
}

function randomNumbers(): Batches {
  const word = new Uint32Array(1);
  const bytes16 = new Uint8Array(16);
  const bytes1k = new Uint8Array(1024);
  return {
    getrandom16: timed((calls) => {
      for (let i = 0; i < calls; i++) getrandom(bytes16);
      return Math.max(...bytes16);
    }),
    getrandom1k: timed((calls) => {
      for (let i = 0; i < calls; i++) getrandom(bytes1k);
      return Math.max(...bytes1k);
    }),
    randomU32: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += randomU32();
      return sum;
    }),
    randomF64: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += randomF64();
      return sum;
    }),
    getRandomValues16: timed((calls) => {
      for (let i = 0; i < calls; i++) crypto.getRandomValues(bytes16);
      return Math.max(...bytes16);
    }),
    getRandomValues1k: timed((calls) => {
      for (let i = 0; i < calls; i++) crypto.getRandomValues(bytes1k);
      return Math.max(...bytes1k);
    }),
    getRandomValuesU32: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += crypto.getRandomValues(word)[0] as number;
      return sum;
    }),
    // Node makes 128 of them at a time.
    randomUUID: timed((calls) => {
      let length = 0;
      for (let i = 0; i < calls; i++) length += crypto.randomUUID().length;
      return length;
    }),
    mathRandom: timed((calls) => {
      let sum = 0.5;
      for (let i = 0; i < calls; i++) sum += Math.random();
      return sum;
    }),
  };
}
