/** Loads the contenders in turns, and compares each with nobody in the same round. */
import { join } from "node:path";
import { median } from "../../../bench/median.ts";
import { checkPinning, pinned } from "../../../cli/bench/pin.ts";
import { allowedCpus, pin } from "../../../jitter/affinity.ts";
import { ROOT, type RuntimeCommand } from "../../runtimes.ts";
import { type Child, start } from "../child.ts";
import { medianInterval } from "../interval.ts";
import { connectTo } from "./client.ts";
import {
  type Added,
  type Contender,
  type Hello,
  PROMISED,
  type RuntimeResult,
  type Style,
  type Target,
} from "./results.ts";

const CONNECTIONS = 16;
/** So that every contender is compiled, which takes Bun longest, and the heap has its size. */
const WARM_UP = 20_000;
/** In turns: the client warms up meanwhile, and a server that was always the first stayed slower. */
const WARM_UP_TURNS = 10;
/**
 * Node's engine compiles in threads of its own, and by which of them is done first one process in five
 * comes out slower by 4 us a request than others of the same server, for good. In one thread all come
 * out the same.
 */
const NODE_OPTIONS = ["--single-threaded"];

/** How long it takes. */
export interface Effort {
  /** One after the other: what memory and machine code come to lie where differs from one to the next. */
  readonly processes: number;
  /** In each of them. */
  readonly rounds: number;
  /**
   * Of each contender in a round: few, since a machine's neighbours come and go within milliseconds,
   * and what they do is to fall on all contenders of a round.
   */
  readonly requests: number;
  /** The servers' CPU; any if left out. */
  readonly cpu?: number | undefined;
  /** Only what the promises are about. */
  readonly oursAlone?: boolean;
}

/**
 * Keeps this process, the client, on one CPU, and returns another for the servers: the scheduler moves
 * what wakes each other together and apart, which shows in what a request costs. Undefined where there
 * is no other.
 *
 * @throws {Error} if a process may not be kept on a CPU here
 */
export function keepApart(): number | undefined {
  const [servers, client] = allowedCpus();
  if (servers === undefined || client === undefined) return undefined;
  checkPinning(servers);
  pin(client);
  return servers;
}

/** What runs in a process of its own, in Node: ours hears of all servers of its process, so all do. */
const ALONE: readonly Contender[] = [
  ...PROMISED,
  "prom-client",
  "@prometheus-io/client",
  "OpenTelemetry SDK",
];

/** What differs by the process is told from what differs by the contender: of each process one figure. */
export async function measureServers(
  runtime: RuntimeCommand,
  effort: Effort,
  warmUp = WARM_UP,
): Promise<RuntimeResult> {
  let version = "";
  let targets: readonly Target[] = [];
  const costs: number[][][] = [];
  for (let i = 0; i < effort.processes; i++) {
    const measured = await measureProcesses(runtime, effort, warmUp);
    ({ version, targets } = measured);
    costs.push(measured.costs);
  }
  return { runtime: runtime.name, version, ...compare(targets, costs) };
}

/** Nanoseconds of CPU per request: of each target, in each round. */
async function measureProcesses(
  runtime: RuntimeCommand,
  { rounds, requests, cpu, oursAlone }: Effort,
  warmUp: number,
): Promise<{ version: string; targets: readonly Target[]; costs: number[][] }> {
  const script = join(ROOT, "scripts/measure/server/serve.ts");
  const isNode = runtime.name.startsWith("node");
  const options = isNode ? NODE_OPTIONS : [];
  const [program, ...command] = pinned(cpu, [runtime.bin, ...options, ...runtime.run, script]);
  const alone = !isNode ? [] : oursAlone ? PROMISED : ALONE;
  const together = !oursAlone ? ["all"] : alone.length === 0 ? ["promised"] : [];
  const children = [...together, ...alone].map((which) => start(program, [...command, which]));
  try {
    const hellos = await Promise.all(
      children.map(async (child) => JSON.parse(await child.ask()) as Hello),
    );
    const targets = await Promise.all(
      hellos.flatMap(({ targets }, i) =>
        targets.map(async (target) => ({
          ...target,
          child: children[i] as Child,
          clients: await Promise.all(
            Array.from({ length: CONNECTIONS }, () => connectTo(target.port)),
          ),
        }))
      ),
    );
    const load = async (target: number, requests: number) => {
      const { child, clients } = targets[target] as (typeof targets)[number];
      const each = Math.ceil(requests / CONNECTIONS);
      const before = Number(await child.ask("cpu"));
      await Promise.all(clients.map((client) => client.send(each)));
      const after = Number(await child.ask("cpu"));
      return (after - before) / (each * CONNECTIONS);
    };
    const order = targets.map((_, target) => target);
    for (let turn = 0; turn < WARM_UP_TURNS; turn++) {
      for (const target of shuffled(order)) await load(target, warmUp / WARM_UP_TURNS);
    }
    const costs: number[][] = targets.map(() => []);
    const styles = [...new Set(targets.map(({ style }) => style))];
    for (let round = 0; round < rounds; round++) {
      // Those that are compared come one after the other.
      for (const style of shuffled(styles)) {
        for (const target of shuffled(order.filter((one) => targets[one]?.style === style))) {
          costs[target]?.push(await load(target, requests));
        }
      }
    }
    for (const { clients } of targets) clients.forEach((client) => client.close());
    return { version: hellos[0]?.version ?? "", targets, costs };
  } finally {
    for (const child of children) {
      await child.ask("end").catch(() => {}); // it is gone already, if something threw
      await child.close();
    }
  }
}

/**
 * Differences to nobody, round by round: what else the machine does, it does to both. Their medians,
 * one of each process, are the sample.
 *
 * @param costs by process, by target, by round
 */
export function compare(
  targets: readonly Target[],
  costs: readonly (readonly (readonly number[])[])[],
): Pick<RuntimeResult, "base" | "added"> {
  const base: Partial<Record<Style, number>> = {};
  const added: Added[] = [];
  for (const [i, { style, contender }] of targets.entries()) {
    const nobody = targets.findIndex((one) => one.style === style && one.contender === "nobody");
    if (i === nobody) {
      base[style] = median(costs.map((own) => median(own[i] ?? [])));
      continue;
    }
    const differences = costs.map((own) =>
      median(own[i]?.map((ns, round) => ns - (own[nobody]?.[round] ?? NaN)) ?? [])
    );
    added.push({ style, contender, ...medianInterval(differences) });
  }
  return { base, added };
}

function shuffled<T>(values: readonly T[]): T[] {
  return values.map((value) => ({ value, at: Math.random() }))
    .sort((a, b) => a.at - b.at).map(({ value }) => value);
}
