/**
 * What is read when somebody looks: what is pending, and what the thread has done since the last look.
 *
 * @module
 */
import { now, threadCpuTime, UnsupportedError } from "../mod.ts";
import type { Registry } from "./registry.ts";

/** A look at the server: see `gauges()`. Each is left out where it cannot be told. */
export interface Gauges {
  /**
   * Requests that have not been answered yet: to the last byte, as the watched servers say it, which
   * do not count WebSockets; without any such server, those that are in a handler.
   */
  readonly pendingRequests: number;
  /** Open WebSockets of the watched servers. */
  readonly pendingWebSockets?: number;
  /**
   * How busy the JavaScript thread was since the last look: the part of that time, from 0 to 1, in
   * which it had a CPU. What other threads of the process do is not in it.
   */
  readonly threadBusy?: number;
  /** CPU time of the thread since the last look, per request that ended, in nanoseconds. */
  readonly cpuNsPerRequest?: number;
}

/** What is read of Bun's server. */
export interface ServerLike {
  /** Requests in progress. */
  readonly pendingRequests: number;
  /** Open WebSockets. */
  readonly pendingWebSockets: number;
}

/** The servers that are watched, as long as somebody else keeps them. */
export class Servers {
  #servers: WeakRef<ServerLike>[] = [];

  add(server: ServerLike): void {
    if (!this.alive().includes(server)) this.#servers.push(new WeakRef(server));
  }

  alive(): ServerLike[] {
    this.#servers = this.#servers.filter((server) => server.deref());
    return this.#servers.flatMap((server) => server.deref() ?? []);
  }
}

/** The numbers whose differences are told. */
interface Look {
  readonly at: number;
  /** NaN where there is no such clock. */
  readonly cpu: number;
  readonly requests: number;
}

/** Makes what looks: differences are to its own last look, since others look at other times. */
export function gaugeReader(registry: Registry, servers: Servers): () => Gauges {
  const look = (): Look => ({ at: now(), cpu: threadCpu(), requests: registry.count() });
  let last = look();
  return () => {
    const before = last;
    last = look();
    const elapsed = last.at - before.at;
    const cpu = last.cpu - before.cpu;
    const requests = last.requests - before.requests;
    const watched = servers.alive();
    return {
      pendingRequests: watched.length === 0
        ? registry.inFlight
        : watched.reduce((sum, { pendingRequests }) => sum + pendingRequests, 0),
      ...(watched.length > 0 && {
        pendingWebSockets: watched.reduce((sum, server) => sum + server.pendingWebSockets, 0),
      }),
      // The two clocks are not read at the same moment.
      ...(elapsed > 0 && cpu >= 0 && { threadBusy: Math.min(1, cpu / elapsed) }),
      ...(requests > 0 && cpu >= 0 && { cpuNsPerRequest: cpu / requests }),
    };
  };
}

function threadCpu(): number {
  try {
    return threadCpuTime();
  } catch (error) {
    if (error instanceof UnsupportedError) return NaN;
    throw error;
  }
}
