/**
 * Garbage collections, as far as the runtime tells of them.
 *
 * @module
 */
import { performanceNow, PerformanceObserver, timerTurn } from "./globals.ts";

/** What was seen. */
export interface Collections {
  readonly count: number;
  readonly ns: number;
}

/** Watches until it is ended. */
export interface CollectionWatch {
  end(): Promise<Collections>;
}

/** Found out once. */
let tells: Promise<boolean> | undefined;

/**
 * Whether this runtime tells. The first time that makes garbage, which may begin a marking of the
 * whole heap and clear out what was compiled: so ask before anything is warm.
 */
export function tellsCollections(): Promise<boolean> {
  return tells ??= tryCollections();
}

/** By making garbage: Deno claims to tell, and does not. */
async function tryCollections(): Promise<boolean> {
  if (!PerformanceObserver.supportedEntryTypes.includes("gc")) return false;
  const watch = observe();
  let chain: unknown[] = [];
  for (let i = 0; i < 1_000_000; i++) chain = i % 1000 === 0 ? [] : [chain, i];
  const { count } = await watch.end();
  return count > 0 && chain.length > 0;
}

/** Undefined if this runtime does not tell. */
export async function watchCollections(): Promise<CollectionWatch | undefined> {
  return await tellsCollections() ? observe() : undefined;
}

function observe(): CollectionWatch {
  let count = 0;
  let ms = 0;
  const start = performanceNow();
  const take = (entries: readonly { startTime: number; duration: number }[]) => {
    for (const { startTime, duration } of entries) {
      if (startTime < start) continue;
      count++;
      ms += duration;
    }
  };
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ type: "gc" });
  return {
    async end() {
      // Node hands them over in a later turn of its event loop.
      for (let i = 0; i < 3; i++) await timerTurn();
      observer.disconnect();
      return { count, ns: ms * 1e6 };
    },
  };
}
