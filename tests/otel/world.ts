/** A world with clocks of its own, which somebody may set; the SDK's clocks are among them. */
import nodePerformance from "node:perf_hooks";
import type { Clocks } from "../../otel/anchor.ts";
import type { HrTime } from "../../otel/mod.ts";

/** Nanoseconds that reading a clock takes here. */
const READING = 100;
const MS = 1e6;

/** Of the runtime: one object, or two of the same name. */
const performances = [...new Set([globalThis.performance, nodePerformance.performance])];

export class World {
  /** The monotonic clock. */
  now = 5_000_000_123_456;
  /** What the wall clock has beyond it, in nanoseconds. */
  #ahead = 1_700_000_000_987_654_321n;
  readonly clocks: Clocks = {
    now: () => this.now += READING,
    wall: () => this.#wall(),
    resolution: () => 1,
  };

  pass(ns: number): void {
    this.now += ns;
  }

  /** Somebody sets the wall clock forward, or back. */
  setWall(seconds: number): void {
    this.#ahead += BigInt(seconds) * 1_000_000_000n;
  }

  /** The wall clock, in nanoseconds since the epoch; reading it here takes no time. */
  get time(): bigint {
    return BigInt(this.now) + this.#ahead;
  }

  #wall(): HrTime {
    this.now += READING;
    return [Number(this.time / 1_000_000_000n), Number(this.time % 1_000_000_000n)];
  }
}

/** A test in a new world: there `Date.now` and `performance.now` have its clocks. */
export function inWorld(test: (world: World) => void): () => void {
  return () => {
    const world = new World();
    const dateNow = Date.now;
    Date.now = () => {
      const [seconds, ns] = world.clocks.wall();
      return seconds * 1000 + Math.floor(ns / MS);
    };
    const origin = world.now - 1e9;
    const restore = performances.map((performance) => {
      const own = Object.getOwnPropertyDescriptor(performance, "now");
      const value = () => (world.clocks.now() - origin) / MS;
      Object.defineProperty(performance, "now", { configurable: true, writable: true, value });
      return () => {
        if (own) Object.defineProperty(performance, "now", own);
        else Reflect.deleteProperty(performance, "now");
      };
    });
    try {
      test(world);
    } finally {
      Date.now = dateNow;
      for (const undo of restore) undo();
    }
  };
}
