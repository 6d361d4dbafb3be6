// both tiers: node26 (the child runs in every runtime, whatever runs the test)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { test } from "node:test";
import { full } from "../../support.ts";
import { inDirectory } from "../directory.ts";
import { COMMON_JS, makeProject, measured, runIn, TYPELESS } from "./project.ts";

const TIMEOUT = { timeout: 120_000 };
/** What Node 22 makes of them, too, ./package_scope.test.ts and whole/bench_processes.test.ts show. */
const EVERY = ["deno", "bun", "node26"];
/** Of many files each in one of them. */
const inTurn = (i: number) => full ? EVERY : EVERY.slice(i % EVERY.length, i % EVERY.length + 1);

const THROWS = `import { bench } from "@x/vdso/bench";
const fail = (text) => { throw new RangeError(text); };
bench("sync", () => { fail("in a call"); });
bench("async", async () => { await null; fail("after a while"); });
bench("setup", () => 1, { setup() { fail("before"); } });
bench("hook", () => 1, { beforeSample() { fail("around"); } });
bench("late", (state) => { if (++state.calls > 100) fail("later"); }, {
  setup: () => ({ calls: 0 }),
});
bench("caused", () => {
  try {
    fail("inside");
  } catch (cause) {
    throw new Error("outside", { cause });
  }
});
bench("circle", () => {
  const error = new Error("round");
  throw Object.assign(error, { cause: error });
});
`;

test("what a benchmark throws is shown as far as the user's code goes", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    makeProject(directory, { "package.json": TYPELESS, "bench/throws.mjs": THROWS });
    for (const runtime of EVERY) {
      const { thrown, failure } = await runIn(runtime, join(directory, "bench/throws.mjs"));
      assertEquals(failure, undefined);
      const reasons = thrown.map(({ reason }) => reason);
      assertEquals(reasons.length, 7);
      for (const reason of reasons) {
        const frames = reason.split("\n").filter((line) => /^\s+at /.test(line));
        const own = frames.filter((line) => /bench\/throws\.mjs:\d+:\d+\)?$/.test(line));
        assert(own.length > 0, `${runtime}: ${reason}`);
        assertEquals(frames, own, runtime);
      }
      assertMatch(reasons[0] ?? "", /^"sync" threw RangeError: in a call\n/);
      assertMatch(reasons[4] ?? "", /^"late" threw RangeError: later\n/);
      const caused = /^"caused" threw Error: outside\n.*\nCaused by RangeError: inside\n/;
      assertMatch(reasons[5] ?? "", caused);
      assertMatch(reasons[6] ?? "", /^"circle" threw /);
    }
  });
});

test("a file that throws has failed, whatever it has declared before", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const text = 'import { bench } from "@x/vdso/bench";\nbench("x", () => 1);\n';
    makeProject(directory, {
      "package.json": COMMON_JS,
      "at_once.ts": `${text}throw new Error("at once");`,
      "awaited.ts": `${text}await null;\nthrow new Error("awaited");`,
    });
    for (const runtime of EVERY) {
      // Deno alone is told of its end in a way of its own.
      const atOnce = full || runtime === "deno" ? ["at_once.ts"] : [];
      for (const name of [...atOnce, "awaited.ts"]) {
        const { failure, results, printed: { lines } } = await runIn(
          runtime,
          join(directory, name),
        );
        // Deno may tell of what is thrown behind an await when "x" has begun.
        assertMatch(`${runtime} ${name}: ${failure}`, /: Ended with exit status 1( in "x")?$/);
        assertEquals([runtime, name, results.length], [runtime, name, 0]);
        assertMatch(lines.join("\n"), /[Ee]rror: (at once|awaited)$/m);
        const foreign = lines.filter((line) => /^\s+at /.test(line) && !line.includes(name));
        assertEquals([runtime, name, foreign], [runtime, name, []]);
      }
    }
  });
});

/** As main() is written in CommonJS, which has no top-level await; short in every mode. */
const MAIN = (declares: string, before = "") =>
  `const { bench, run } = require("@x/vdso/bench");
const declare = (name) => bench(name, () => Math.random(), { warmup: 5 });
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
async function main() {
  await require("node:fs/promises").readFile(__filename);
  ${declares}
}
${before}
main();
`;

test("what a file declares behind an await of its functions is run, too", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const files: [name: string, text: string, names: string[], printed: string[]][] = [
      ["late.cjs", MAIN('declare("late");', 'declare("first");'), ["first", "late"], []],
      ["alone.cjs", MAIN('declare("a"); await null; declare("b");'), ["a", "b"], []],
      [
        "own.cjs",
        MAIN('declare("a"); console.log((await run()).results.length); declare("b");'),
        ["a", "b"],
        ["1"],
      ],
      // Two turns of the ten for which the runner waits, however long each takes.
      [
        "gap.cjs",
        MAIN(`for (const name of ["a", "b"]) {
    declare(name);
    await turn();
    await turn();
    const { results } = await run({ onResult: ({ name }) => console.log("seen", name) });
    console.log(results.length);
  }`),
        ["a", "b"],
        ["seen a", "1", "seen b", "1"],
      ],
      // While the runner runs what it knows of.
      [
        "meanwhile.cjs",
        `const { bench } = require("@x/vdso/bench");
let isDeclared = false;
bench("a", () => Math.random(), {
  warmup: 5,
  teardown() {
    if (!isDeclared) bench("b", () => Math.random(), { warmup: 5 });
    isDeclared = true;
  },
});
`,
        ["a", "b"],
        [],
      ],
      ["nothing.cjs", MAIN('console.log("nothing");'), [], ["nothing"]],
    ];
    const texts = files.map(([name, text]) => [name, text]);
    makeProject(directory, {
      "package.json": TYPELESS,
      ...Object.fromEntries(texts) as Record<string, string>,
    });
    for (const [i, [name, , names, printed]] of files.entries()) {
      for (const runtime of inTurn(i)) {
        const outcome = await runIn(runtime, join(directory, name), ["-A"]);
        const { failure, declared, printed: { lines } } = outcome;
        assertEquals([runtime, name, failure, lines], [runtime, name, undefined, printed]);
        assertEquals([measured(outcome), declared], [names, names.length]);
      }
    }
  });
});

test("a file that declares nothing ends, whatever it keeps open", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    makeProject(directory, {
      "package.json": TYPELESS,
      "server.mjs": `import "@x/vdso/bench";
import { createServer } from "node:http";
createServer().listen(0);
`,
    });
    // At once: each of them waits for the first benchmark.
    await Promise.all(
      inTurn(0).map(async (runtime) => {
        const outcome = await runIn(runtime, join(directory, "server.mjs"), ["-A"]);
        const { failure, declared, printed: { lines } } = outcome;
        assertEquals([runtime, failure, declared, lines], [runtime, undefined, 0, []]);
      }),
    );
  });
});

test("a file may end its process when all that it declared has run", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const text = `import process from "node:process";
import { bench, run } from "@x/vdso/bench";
bench("a", () => Math.random(), { warmup: 5 });
`;
    const files: [name: string, text: string, failure: RegExp | undefined][] = [
      ["deno.mjs", "await run();\n(globalThis.Deno ?? process).exit();", undefined],
      ["run.mjs", "await run();\nprocess.exit(0);", undefined],
      ["status.mjs", "await run();\nprocess.exit(3);", /^Ended with exit status 3$/],
      ["before.mjs", "process.exit(0);", /^Ended with exit status 0$/],
      ["early.mjs", "run();\nawait null;\nprocess.exit(0);", /^Ended with exit status 0 in "a"/],
      [
        "more.mjs",
        'await run();\nbench("b", () => 1);\nprocess.exit(0);',
        /^Ended with exit status 0$/,
      ],
    ];
    const texts = files.map(([name, more]) => [name, `${text}${more}\n`]);
    makeProject(directory, {
      "package.json": TYPELESS,
      ...Object.fromEntries(texts) as Record<string, string>,
    });
    for (const [i, [name, , failure]] of files.entries()) {
      for (const runtime of inTurn(i)) {
        const outcome = await runIn(runtime, join(directory, name), ["-A"]);
        if (failure) assertMatch(`${outcome.failure}`, failure, `${runtime} ${name}`);
        else assertEquals([name, outcome.failure, outcome.declared], [name, undefined, 1], runtime);
      }
    }
  });
});

test(
  "a process that ends with another status than 0 has failed, however late",
  TIMEOUT,
  async () => {
    await inDirectory(async (directory) => {
      const text = `import process from "node:process";
import { bench, run } from "@x/vdso/bench";
bench("a", () => Math.random(), { warmup: 5 });
await run();
`;
      makeProject(directory, {
        "package.json": TYPELESS,
        // Bun tells the listeners 0 then.
        "rejected.mjs": `${text}Promise.reject(new Error("on purpose"));
await new Promise((resolve) => setTimeout(resolve, 0));
`,
        // It is called after the runner's.
        "listener.mjs": `${text}process.on("exit", () => { process.exitCode = 1; });
process.exit();
`,
      });
      const files = [["rejected.mjs", ["bun"]], ["listener.mjs", EVERY]] as const;
      for (const [name, runtimes] of files) {
        for (const runtime of runtimes) {
          const outcome = await runIn(runtime, join(directory, name), ["-A"]);
          const status = "Ended with exit status 1";
          assertEquals([runtime, name, outcome.failure], [runtime, name, status]);
          assertEquals(measured(outcome), ["a"]);
        }
      }
    });
  },
);

const ECHO = `import { parentPort } from "node:worker_threads";
parentPort?.on("message", (message) => parentPort.postMessage(message));
process.on("message", (message) => process.send(message));
process.on("disconnect", () => process.exit());
`;

/** As people write pools: at module level, and so that it does not keep the process. */
const POOL = `import { isMainThread, Worker } from "node:worker_threads";
import { bench } from "@x/vdso/bench";
console.log("loaded", isMainThread);
const worker = new Worker(new URL("./echo.mjs", import.meta.url));
worker.unref();
bench("round trip", async () => {
  worker.postMessage(1);
  await new Promise((resolve) => worker.once("message", resolve));
}, { warmup: 20 });
`;

const FORK = `import { fork, spawnSync } from "node:child_process";
import { bench } from "@x/vdso/bench";
const depth = Number(process.env.DEPTH ?? 0);
console.log("loaded", depth);
if (depth >= 3) process.exit(0);
const env = { ...process.env, DEPTH: String(depth + 1) };
const echo = new URL("./echo.mjs", import.meta.url).pathname;
if (!("Deno" in globalThis)) spawnSync(process.execPath, [...process.execArgv, echo], { env });
const child = fork(echo, { env });
child.unref();
child.channel?.unref?.();
bench("round trip", async () => {
  child.send(1);
  await new Promise((resolve) => child.once("message", resolve));
}, { warmup: 20, teardown: () => child.disconnect() });
`;

test("one thread of one process measures, whatever the file starts", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    makeProject(directory, {
      "package.json": TYPELESS,
      "pool.mjs": POOL,
      "fork.mjs": FORK,
      "echo.mjs": ECHO,
    });
    for (const runtime of EVERY) {
      // Node's Workers alone load what is preloaded.
      const pool = full || runtime === "node26" ? [["pool.mjs", "loaded true"] as const] : [];
      for (const [name, line] of [...pool, ["fork.mjs", "loaded 0"] as const]) {
        const outcome = await runIn(runtime, join(directory, name), ["-A"]);
        const { failure, declared, printed: { lines } } = outcome;
        assertEquals([runtime, name, failure, lines], [runtime, name, undefined, [line]]);
        assertEquals([measured(outcome), declared], [["round trip"], 1]);
      }
    }
  });
});

test("a file may replace all of JavaScript's globals", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const never = () => {};
    makeProject(directory, {
      "package.json": TYPELESS,
      "fakes.mjs": `import { bench } from "@x/vdso/bench";
const never = ${never};
for (const name of ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"]) {
  globalThis[name] = never;
}
for (const name of ["Date", "Promise", "Atomics", "JSON", "TextEncoder", "performance"]) {
  Object.defineProperty(globalThis, name, { value: never });
}
process.exit = process.nextTick = process.hrtime = process.resourceUsage = never;
bench("sync", () => 1, { warmup: 5 });
bench("async", async () => 1, { warmup: 5 });
`,
    });
    for (const runtime of EVERY) {
      const outcome = await runIn(runtime, join(directory, "fakes.mjs"));
      assertEquals([runtime, outcome.failure], [runtime, undefined]);
      assertEquals(measured(outcome), ["sync", "async"]);
    }
  });
});

test(
  "what looks like a message, and is none, is a failure that keeps the results",
  TIMEOUT,
  async () => {
    await inDirectory(async (directory) => {
      makeProject(directory, {
        "package.json": TYPELESS,
        "message.mjs": `import { bench } from "@x/vdso/bench";
import { readFileSync } from "node:fs";
const [, url] = /data:\\S+base64,([\\w+/=]+)/.exec(readFileSync("/proc/self/cmdline", "latin1"));
const [, token] = /"token":"([^"]+)"/.exec(atob(url));
console.log(token + ".not json\\n" + token + "-.{}");
bench("x", () => 1, { warmup: 5 });
console.log(token + '.{"kind":"result","result":{}}');
`,
      });
      for (const runtime of full ? EVERY : ["bun"]) { // it is read here
        const outcome = await runIn(runtime, join(directory, "message.mjs"), ["-A"]);
        const { failure, printed: { lines } } = outcome;
        assertMatch(
          failure ?? "",
          /^Printed what looks like a message of vdso, and is none: not json$/,
        );
        assertEquals([runtime, measured(outcome), lines.length], [runtime, ["x"], 1]);
      }
    });
  },
);
