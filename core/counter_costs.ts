/**
 * What reading the CPU's counter costs, and the kernel's clock, on a machine that has other work too.
 *
 * @module
 */

/** What a reading costs, all in one unit. */
export interface CounterCosts {
  /** Of the counter. */
  readonly counter: number;
  /** Of CLOCK_MONOTONIC, by the path that the entry takes. */
  readonly entry: number;
  /** The same by the system call. */
  readonly syscall: number;
}

/**
 * What reads a clock spares the system call if it costs less than so much of it: what makes the call
 * itself costs as much as one.
 */
export const SPARES_SYSCALL = 0.75;

/** How many times the other's a cost may be, of two measurements that nothing has disturbed. */
const ALIKE = 1.25;
/** Each takes 0.2 ms where a system call costs 1 µs. */
const MOST_TIMES = 10;

/**
 * The least costs, measured until a measurement says so once more. Each is the least of some rounds
 * already; but a neighbour, or a host that takes the CPU away, can make all rounds of one path dear,
 * and then a clock that is read by the system call would seem to spare it.
 *
 * @param measure `vdso_ticks_costs` of the shim
 */
export function counterCosts(measure: (out: Uint8Array) => void): CounterCosts {
  const costs = new Float64Array(3);
  const bytes = new Uint8Array(costs.buffer);
  const least = [Infinity, Infinity, Infinity];
  for (let i = 0; i < MOST_TIMES; i++) {
    measure(bytes);
    let alike = true;
    costs.forEach((cost, path) => {
      const before = least[path] as number;
      least[path] = Math.min(before, cost);
      if (!(Math.max(before, cost) <= ALIKE * Math.min(before, cost))) alike = false;
    });
    if (alike) break;
  }
  const [counter, entry, syscall] = least as [number, number, number];
  return { counter, entry, syscall };
}
