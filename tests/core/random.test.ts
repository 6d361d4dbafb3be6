import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import {
  getrandom,
  GRND_INSECURE,
  GRND_NONBLOCK,
  GRND_RANDOM,
  randomF64,
  randomU32,
  sources,
  VdsoError,
} from "../../mod.ts";
import { full, nodeMajor, run } from "../support.ts";

const LENGTHS = [
  0,
  1,
  2,
  7,
  8,
  15,
  16,
  63,
  64,
  95,
  96,
  97,
  255,
  256,
  257,
  4096,
  65537,
  2 ** 20,
  ...(full ? [2 ** 24] : []),
];

test("getrandom() fills all of a buffer, whatever its length, and nothing beside", {
  timeout: 30_000,
}, () => {
  for (const length of LENGTHS) {
    const whole = new Uint8Array(length + 32);
    const part = whole.subarray(16, 16 + length);
    // A byte stays zero by chance once in 256 times: never ten times.
    const filled = new Uint8Array(length);
    for (let i = 0; i < (length > 2 ** 20 ? 4 : 10); i++) {
      getrandom(part);
      for (let at = 0; at < length; at++) filled[at] = (filled[at] ?? 0) | (part[at] ?? 0);
    }
    if (length <= 65537) assertEquals(filled.indexOf(0), -1, `${length} bytes`);
    else assertLess(filled.filter((byte) => byte === 0).length, length / 1e6, `${length} bytes`);
    assert(whole.subarray(0, 16).every((byte) => byte === 0), "in front");
    assert(whole.subarray(16 + length).every((byte) => byte === 0), "behind");
  }
});

test("getrandom() takes every view", () => {
  const buffer = new ArrayBuffer(80);
  const views = [
    new Uint8Array(buffer, 8, 64),
    new Uint8ClampedArray(buffer, 8, 64),
    new Int16Array(buffer, 8, 32),
    new Uint32Array(buffer, 8, 16),
    new Float64Array(buffer, 8, 8),
    new BigUint64Array(buffer, 8, 8),
    new DataView(buffer, 8, 64),
  ];
  for (const view of views) {
    const bytes = new Uint8Array(buffer).fill(0);
    getrandom(view);
    assert(bytes.subarray(8, 72).some((byte) => byte !== 0));
    assert([...bytes.subarray(0, 8), ...bytes.subarray(72)].every((byte) => byte === 0));
  }
});

test("getrandom() writes as many bytes as there are, whatever an object says of itself", () => {
  class Long extends Uint8Array {
    override get length() {
      return 8 * super.length;
    }
  }
  const own = (bytes: Uint8Array, name: string, value: number) =>
    Object.defineProperty(bytes, name, { value });
  const buffer = new ArrayBuffer(192);
  for (
    const bytes of [
      new Long(buffer, 64, 64),
      own(new Uint8Array(buffer, 64, 64), "length", 2 ** 20),
      own(new Uint8Array(buffer, 64, 64), "length", 0),
      own(new Uint8Array(buffer, 64, 64), "byteLength", 2 ** 20),
      own(new Uint8Array(buffer, 64, 64), "byteLength", 1),
    ]
  ) {
    const whole = new Uint8Array(buffer).fill(0);
    getrandom(bytes);
    assert(whole.subarray(64, 96).some((byte) => byte !== 0));
    assert(whole.subarray(96, 128).some((byte) => byte !== 0));
    assert([...whole.subarray(0, 64), ...whole.subarray(128)].every((byte) => byte === 0));
  }
});

test("getrandom() takes the kernel's flags", () => {
  for (const flags of [0, GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE, GRND_NONBLOCK | GRND_RANDOM]) {
    const bytes = new Uint8Array(64);
    getrandom(bytes, flags);
    assert(bytes.some((byte) => byte !== 0), `flags ${flags}`);
  }
  const error = assertThrows(
    () => getrandom(new Uint8Array(8), GRND_RANDOM | GRND_INSECURE),
    VdsoError,
  );
  assertEquals([error.code, error.syscall], ["EINVAL", "getrandom"]);
});

test("getrandom() names the argument and what it got when that is wrong", () => {
  // deno-lint-ignore no-explicit-any
  const call = getrandom as (...args: any[]) => void;
  assertThrows(() => call(), TypeError, "`buffer` to be a typed array or DataView, got undefined");
  assertThrows(() => call(new ArrayBuffer(8)), TypeError, "got ArrayBuffer");
  assertThrows(() => call([1, 2]), TypeError, "got Array");
  assertThrows(
    () => call(new Uint8Array(new SharedArrayBuffer(8))),
    TypeError,
    "SharedArrayBuffer",
  );
  const elsewhere = runInNewContext("new DataView(new SharedArrayBuffer(8))");
  assertThrows(() => call(elsewhere), TypeError, "SharedArrayBuffer");
  assertThrows(() => call(new Uint8Array(8), "1"), TypeError, '`flags` to be a number, got "1"');
  for (const flags of [-1, 8, 1.5, NaN, 2 ** 32]) {
    assertThrows(() => call(new Uint8Array(8), flags), RangeError, "`flags`");
  }
});

test("randomU32() has every bit, as often set as not", () => {
  const N = 100_000;
  const set = new Uint32Array(32);
  for (let i = 0; i < N; i++) {
    const value = randomU32();
    assert(Number.isInteger(value) && value >= 0 && value < 2 ** 32);
    for (let bit = 0; bit < 32; bit++) set[bit] = (set[bit] ?? 0) + (value >>> bit & 1);
  }
  // Seven standard deviations: wrong once in 10^11 runs.
  for (const count of set) assertLess(Math.abs(count - N / 2), 7 * Math.sqrt(N) / 2);
});

test("randomF64() lies in [0, 1), in steps of 2^-53, evenly", () => {
  const N = 100_000;
  let sum = 0;
  let odd = 0;
  for (let i = 0; i < N; i++) {
    const value = randomF64();
    assert(value >= 0 && value < 1 && Number.isInteger(value * 2 ** 53));
    sum += value;
    odd += value * 2 ** 53 % 2;
  }
  assertLess(Math.abs(sum / N - 0.5), 7 / Math.sqrt(12 * N));
  assertLess(Math.abs(odd - N / 2), 7 * Math.sqrt(N) / 2, "the last bit is used");
});

/** A state is the shim's and a thread's; Workers start slowly in Node 22, which strips types anew. */
const skipWorkers = !full && nodeMajor === 22 && "in the full tier; in Node 26 always";

test("getrandom() gives Workers at once no two equal blocks", {
  timeout: 120_000,
  skip: skipWorkers,
}, () => {
  // A state that two threads share shows in a few thousand blocks of each.
  const [workers, blocks] = [full ? 8 : 4, 100_000];
  const { code, stdout, stderr } = run(
    "tests/fixtures/random_workers.ts",
    [workers, blocks].map(String),
    { timeout: 120_000 },
  );
  assertEquals([stderr, code], ["", 0]);
  assertEquals(JSON.parse(stdout), { workers, blocks, equal: 0 });
});

test("getrandom() maps as many states as threads live at once when Workers end", {
  timeout: 120_000,
  skip: skipWorkers ||
    sources().entries.getrandom !== "vdso" && "this kernel's vDSO has no getrandom: no states",
}, () => {
  // The hostile suite has 10,000, of its own.
  const [workers, atOnce] = full ? [8, 4] : [6, 2];
  const words = [workers, atOnce].map(String);
  const { code, stdout, stderr } = run("tests/fixtures/random_mappings.ts", words, {
    timeout: 120_000,
  });
  assertEquals([stderr, code], ["", 0]);
  const { states } = JSON.parse(stdout) as { states: number };
  // The main thread's, the Workers', and those of Workers that were still ending when others came.
  assert(states >= 2 && states <= 1 + 2 * atOnce, `${states} states`);
});
