import { assert, assertEquals, assertRejects } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { compare, measureServers } from "../../../../scripts/measure/server/rounds.ts";
import type { Target } from "../../../../scripts/measure/server/results.ts";
import { ROOT, RUNTIMES } from "../../../../scripts/runtimes.ts";
import { full } from "../../../support.ts";

test("compare() takes the differences to nobody of the same style, round by round and by process", () => {
  const targets: Target[] = [
    { style: "Hono", contender: "nobody", port: 1 },
    { style: "Hono", contender: "prom-client", port: 2 },
    { style: "node:http", contender: "prom-client", port: 3 },
    { style: "node:http", contender: "nobody", port: 4 },
  ];
  const costs = [
    [[1000, 2000, 9000], [1100, 2300, 9200], [50, 60, 70], [40, 50, 60]],
    [[3000, 4000, 5000], [3500, 4600, 5400], [60, 70, 80], [50, 60, 70]],
    [[2000, 3000, 4000], [2000, 3100, 4800], [50, 60, 70], [40, 50, 60]],
  ];
  assertEquals(compare(targets, costs), {
    base: { Hono: 3000, "node:http": 50 },
    added: [
      { style: "Hono", contender: "prom-client", median: 200, from: 100, to: 500 },
      { style: "node:http", contender: "prom-client", median: 10, from: 10, to: 10 },
    ],
  });
});

test("measureServers() keeps the servers on the CPU that it is given", async () => {
  const [runtime] = RUNTIMES;
  assert(runtime);
  const effort = { processes: 1, rounds: 1, requests: 1, cpu: 60_000 };
  await assertRejects(() => measureServers(runtime, effort), Error, "taskset --cpu-list 60000");
});

test("keepApart() keeps the client on a CPU that is not the servers'", () => {
  const code = `import { keepApart } from "./scripts/measure/server/rounds.ts";
import { allowedCpus } from "./jitter/affinity.ts";
const before = allowedCpus();
const servers = keepApart();
const client = allowedCpus();
console.log(before.length === 1
  ? servers === undefined
  : client.length === 1 && before.includes(servers) && before.includes(client[0]) && client[0] !== servers);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    cwd: ROOT,
    encoding: "utf8",
  });
  assertEquals([stdout, stderr], ["true\n", ""]);
});

for (const runtime of RUNTIMES.filter(({ name }) => ["deno", "bun", "node26"].includes(name))) {
  test(
    `measureServers() measures all contenders in ${runtime.name}`,
    {
      skip: !full && runtime.name !== "bun" && "in the full tier: Bun shows it sooner",
      timeout: 120_000,
    },
    async () => {
      const { base, added } = await measureServers(runtime, {
        processes: 1,
        rounds: 1,
        requests: 64,
      }, 64);
      const styles = runtime.name === "node26"
        ? ["Hono", "node:http"]
        : ["synchronous", "asynchronous", "Hono"];
      assertEquals(Object.keys(base), styles);
      for (const style of styles) {
        const own = added.filter((one) => one.style === style);
        assertEquals(own.length, style === "Hono" ? 7 : 5);
        for (const { median } of own) assert(Number.isFinite(median));
      }
      for (const ns of Object.values(base)) assert(ns > 100);
    },
  );
}

for (const runtime of RUNTIMES.filter(({ name }) => ["bun", "node26"].includes(name))) {
  test(
    `measureServers() measures ours alone in ${runtime.name}`,
    {
      skip: !full && runtime.name !== "bun" && "in the full tier: Bun shows it sooner",
      timeout: 120_000,
    },
    async () => {
      const effort = { processes: 1, rounds: 1, requests: 64, oursAlone: true };
      const { added } = await measureServers(runtime, effort, 64);
      const styles = runtime.name === "bun" ? ["synchronous", "asynchronous"] : ["node:http"];
      assertEquals(
        added.map(({ style, contender }) => [style, contender]),
        styles.flatMap((style) => [[style, "nobody, again"], [style, "@x/vdso/server"]]),
      );
    },
  );
}
