/**
 * Lists of CPUs as the kernel and taskset(1) write them.
 *
 * @module
 */

const MOST = 8192; // of any kernel

/** `0,2-3` as 0, 2, 3; undefined if it is no such list. */
export function parseCpuList(text: string): number[] | undefined {
  const cpus = new Set<number>();
  for (const part of text.split(",")) {
    const [, first = "", last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === "" || to < from || to >= MOST) return undefined;
    for (let cpu = from; cpu <= to; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}
