/** Functions that take turns, on a machine whose time passes as these tests say. */
// npm test: node26 (pure computation)
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { test } from "node:test";
import { UNWATCHED } from "../../bench/disturbance.ts";
import { seeded } from "../../bench/random.ts";
import { type Contender, contender, takeTurns, type TurnsOptions } from "../../bench/turns.ts";

const READING = 25;

/** Reading its clock takes time, in steps. Everything takes so many times as long as `speed` says. */
function machine({ step = 1, speed = (_ns: number): number => 1 } = {}) {
  let ns = 1e9;
  const pass = (duration: number) => void (ns += duration * speed(ns));
  const read = () => {
    pass(READING);
    return Math.floor(ns / step) * step;
  };
  const looks: number[] = [];
  const { collections: _, collectionNs: __, ...disturbance } = UNWATCHED;
  const options: TurnsOptions = {
    least: 1e8,
    most: 4e8,
    read,
    watch: () => ({ look: () => void looks.push(ns), end: () => disturbance }),
  };
  /** A loop in C, which times itself. */
  const native = (name: string, costNs: number | (() => number)): Contender => ({
    name,
    take(calls) {
      const start = read();
      for (let i = 0; i < calls; i++) pass(typeof costNs === "number" ? costNs : costNs());
      return read() - start;
    },
  });
  const js = (name: string, costNs: number | (() => number)) =>
    contender(name, () => pass(typeof costNs === "number" ? costNs : costNs()), { read });
  return { options, native, js, pass, looks, disturbance, elapsed: () => ns - 1e9 };
}

function near(value: number | undefined, expected: number, part: number): void {
  assertLess(Math.abs((value ?? NaN) / expected - 1), part, `${value}, not ${expected}`);
}

test("takeTurns() finds what each takes, and the ratio to the first", () => {
  const { options, native, js, looks, disturbance, elapsed } = machine();
  const all = [js("a", 30), js("b", 90), native("c", 25), native("slow", 2000)];
  const turns = takeTurns(all, "c", options);
  for (const [name, ns] of [["a", 30], ["b", 90], ["c", 25], ["slow", 2000]] as const) {
    const figure = turns.figures.get(name);
    near(figure?.ns, ns, 0.002); // the clock's own cost is part of a turn
    near(figure?.ratio, ns / 30, 0.002);
    near(figure?.interval.low, ns / 30, 0.002);
    near(figure?.interval.high, ns / 30, 0.002);
    assertEquals(figure?.doubt, null);
  }
  assertEquals([turns.rounds, turns.disturbance], [200, disturbance]);
  assertGreater(looks.length, 9);
  // Steady from the start: as short as may be.
  assertLess(elapsed(), 1.1e8);
});

test("takeTurns() keeps ratios on a machine that is slowed down for a while, again and again", () => {
  const random = seeded(7);
  let [until, slow] = [0, 1];
  const speed = (ns: number) => {
    if (ns < until) return slow;
    // Stretches of up to 3 ms, in which everything takes up to four times as long.
    until = ns + random() * 3e6;
    return slow = 1 + 3 * random();
  };
  const { options, native, js } = machine({ speed });
  const { figures } = takeTurns([js("a", 30), js("b", 90), native("c", 25)], "c", options);
  assertGreater(figures.get("a")?.ns ?? 0, 45);
  for (const [name, ratio] of [["b", 3], ["c", 25 / 30]] as const) {
    const { interval, ratio: found, doubt } = figures.get(name) ?? {};
    near(found, ratio, 0.01);
    assertLess((interval?.high ?? NaN) - (interval?.low ?? NaN), 0.05 * ratio);
    assertEquals(doubt, null);
  }
});

test("takeTurns() leaves out what ran before a compiler was done", () => {
  const { options, native, js, elapsed } = machine();
  const compiled = (ns: number, atNs: number) => () => elapsed() < atNs ? 3 * ns : ns;
  const all = [js("a", compiled(30, 4e7)), js("b", compiled(90, 1.5e8)), native("c", 25)];
  const { figures } = takeTurns(all, "c", { ...options, least: 1.7e8 });
  assertEquals([...figures.values()].map(({ doubt }) => doubt), [null, null, null]);
  near(figures.get("a")?.ns, 30, 0.002);
  near(figures.get("b")?.ratio, 3, 0.002);
});

test("takeTurns() says so when something never became steady, and ends all the same", () => {
  const { options, native, js, elapsed } = machine();
  const slower = () => 30 * Math.exp(elapsed() / 2e8);
  const all = [js("a", 30), js("b", slower), native("c", 25)];
  const { figures } = takeTurns(all, "c", options);
  assertEquals([figures.get("a")?.doubt, figures.get("c")?.doubt], [null, null]);
  assertMatch(figures.get("b")?.doubt ?? "", /^Still changed after 40\d ms$/);
  assertLess(elapsed(), 4.2e8);
});

test("takeTurns() says so when turns were too few, on a clock of timer ticks", () => {
  const { options, native, js, elapsed } = machine({ step: 4e6 });
  const { figures, rounds } = takeTurns([js("a", 1000), native("c", 900)], "c", options);
  assertGreater(rounds, 2);
  near(figures.get("a")?.ns, 1000, 0.3);
  assertMatch(figures.get("a")?.doubt ?? "", /^Not called often enough to tell/);
  assertLess(elapsed(), 1e9);
});

test("takeTurns() has nothing against a machine that gets slower, beside what is steady", () => {
  const { options, native, js } = machine({ speed: (ns) => Math.exp((ns - 1e9) / 1e8) });
  const { figures } = takeTurns([js("a", 30), js("b", 90), native("c", 25)], "c", options);
  assertEquals([...figures.values()].map(({ doubt }) => doubt), [null, null, null]);
  near(figures.get("b")?.ratio, 3, 0.01);
});

test("takeTurns() goes there and back: nobody always comes after the same one", () => {
  const { options, native } = machine();
  const order: string[] = [];
  const noted = ["a", "b", "c"].map((name) => {
    const { take } = native(name, 30);
    return { name, take: (calls: number) => (order.push(name), take(calls)) };
  });
  takeTurns(noted, "c", options);
  const rounds = order.slice(-12).join("");
  assert(/^(abccba){2}$|^(cbaabc){2}$/.test(rounds), rounds);
});

test("takeTurns() goes by the clock where nothing is known to be steady", () => {
  const slower = machine({ speed: (ns) => ns < 1.3e9 ? 1 : 2 });
  const sound = takeTurns([slower.js("a", 30), slower.js("b", 90)], undefined, slower.options);
  assertEquals([...sound.figures.values()].map(({ doubt }) => doubt), [null, null]);
  near(sound.figures.get("b")?.ratio, 3, 0.002);
  const { js, options } = machine({ speed: (ns) => Math.exp((ns - 1e9) / 1e8) });
  const { figures } = takeTurns([js("a", 30), js("b", 90)], undefined, options);
  assertMatch(figures.get("b")?.doubt ?? "", /^Still changed/);
});

test("takeTurns() leaves out what fails, and has no ratio where the first does", () => {
  const { options, native, js } = machine();
  const broken = { name: "broken", take: () => NaN };
  const { figures } = takeTurns([js("a", 30), broken, native("c", 25)], "c", options);
  assertEquals([...figures.keys()], ["a", "c"]);
  const without = takeTurns([broken, native("c", 25)], "c", options).figures.get("c");
  near(without?.ns, 25, 0.002);
  assert(Number.isNaN(without?.ratio));
});

test("contender() says so when loops have to be shared", () => {
  const { options, js, pass } = machine();
  const compile = () => {
    throw new EvalError("Code generation from strings disallowed for this context");
  };
  const shared = contender("a", () => pass(30), {
    ...(options.read && { read: options.read }),
    compile,
  });
  assertMatch(shared.doubt ?? "", /^Code generation is forbidden/);
  assertEquals(js("b", 1).doubt, undefined);
  assertEquals(takeTurns([shared], "a", options).figures.get("a")?.doubt, shared.doubt);
});
