/** The doctor's metrics in Debian's Prometheus: promtool, a scrape by node_exporter, a query, an alert. */
// both tiers: node26 (what is tested runs elsewhere)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { inDirectory } from "../cli/directory.ts";
import { inProcess } from "../cli/in_process.ts";
import { full, ROOT, run, skipUnless } from "../support.ts";

const isThere = (program: string) => spawnSync(program, ["--version"]).status === 0;
const skip = skipUnless(
  ["promtool", "prometheus", "prometheus-node-exporter"].every(isThere),
  "prometheus and prometheus-node-exporter are not installed",
  "REQUIRE_PROMETHEUS",
);
const timeout = 120_000;

/** The alerts that docs/doctor.md recommends, without the time that they wait. */
function recommendedRules(): string {
  const [, rules = ""] = /^```yaml\n([^]*?)^```$/m.exec(
    readFileSync(join(ROOT, "docs/doctor.md"), "utf8"),
  ) ?? [];
  assert(rules.includes("alert: ClockNeedsSystemCalls"));
  return rules.replaceAll(/^ *for: .*\n/gm, "");
}

/** Facts of a platform as metrics in a file. */
async function writeMetrics(file: string, platform: string): Promise<void> {
  const facts = join(ROOT, `tests/fixtures/platforms/${platform}.json`);
  await inProcess(["doctor", "--from", facts, "--prometheus", file]);
}

function promtool(words: readonly string[], input = ""): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync("promtool", words, { encoding: "utf8", input });
  return { status, said: stdout + stderr };
}

/** promtool's advice on names: this one is of the CPU's counter, whatever type the metric has. */
const ADVICE = "vdso_counter_jumps_total metric name should not include type 'counter'\n";
const LINTED = 3;

test("promtool takes the metrics of this machine and of others", { skip, timeout }, async () => {
  const here = run("cli.ts", ["doctor", "--prometheus", "-"]).stdout;
  assertMatch(here, /^vdso_counter_jumps_total|^vdso_clock_user_space/m);
  const metricsOf = (platform: string) =>
    inDirectory(async (directory) => {
      await writeMetrics(join(directory, "vdso.prom"), platform);
      return readFileSync(join(directory, "vdso.prom"), "utf8");
    });
  for (const platform of ["", "jiffies", "aws_xen", "kubernetes_throttled"]) {
    const text = platform === "" ? here : await metricsOf(platform);
    const { status, said } = promtool(["check", "metrics"], text);
    const hasCounter = text.includes("vdso_counter_jumps_total");
    assertEquals([status, said], hasCounter ? [LINTED, ADVICE] : [0, ""], platform);
  }
  assert(promtool(["check", "metrics"], "vdso_x{ 1").status !== 0, "promtool finds nothing wrong");
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks again until an answer will do. */
async function eventually<T>(ask: () => Promise<T>, will: (answer: T) => boolean): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    try {
      const answer = await ask();
      if (will(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`Not within a minute: ${JSON.stringify(last)}`);
}

interface Vector {
  readonly data: {
    readonly result: readonly {
      readonly metric: Record<string, string>;
      readonly value: [number, string];
    }[];
  };
}
interface Alerts {
  readonly data: {
    readonly alerts: readonly { readonly state: string; readonly labels: Record<string, string> }[];
  };
}

test("node_exporter and Prometheus scrape the metrics, and alerts fire and end", {
  skip: skip || !full && "in the full tier: it waits for alerts",
  timeout,
}, async () => {
  await inDirectory(async (directory) => {
    const path = (name: string) => join(directory, name);
    const [exporter, prometheus] = [await freePort(), await freePort()];
    writeFileSync(path("rules.yml"), recommendedRules());
    writeFileSync(
      path("prometheus.yml"),
      `global: { scrape_interval: 500ms, evaluation_interval: 500ms }
rule_files: [rules.yml]
scrape_configs:
  - job_name: node
    static_configs: [{ targets: ["127.0.0.1:${exporter}"] }]
`,
    );
    const checked = promtool(["check", "config", path("prometheus.yml")]);
    assertEquals(checked.status, 0, checked.said);
    await writeMetrics(path("vdso.prom"), "jiffies");

    const children: ChildProcess[] = [];
    const start = (program: string, words: readonly string[]) =>
      children.push(spawn(program, words, { cwd: directory, stdio: "ignore" }));
    try {
      start("prometheus-node-exporter", [
        "--collector.disable-defaults",
        "--collector.textfile",
        `--collector.textfile.directory=${directory}`,
        `--web.listen-address=127.0.0.1:${exporter}`,
      ]);
      start("prometheus", [
        `--config.file=${path("prometheus.yml")}`,
        `--storage.tsdb.path=${path("data")}`,
        `--web.listen-address=127.0.0.1:${prometheus}`,
      ]);
      const scraped = await eventually(
        async () => await (await fetch(`http://127.0.0.1:${exporter}/metrics`)).text(),
        (text) => text.includes("vdso_finding"),
      );
      assertMatch(scraped, /^vdso_finding\{id="clock\.jiffies",severity="critical"\} 1$/m);
      assertMatch(scraped, /^node_textfile_scrape_error 0$/m);

      const ask = async <T>(what: string) =>
        await (await fetch(`http://127.0.0.1:${prometheus}/api/v1/${what}`)).json() as T;
      const query = encodeURIComponent('vdso_finding{id="clock.jiffies"}');
      const { data } = await eventually(
        () => ask<Vector>(`query?query=${query}`),
        ({ data }) => data.result.length > 0,
      );
      assertEquals(data.result[0]?.metric["severity"], "critical");
      assertEquals(data.result[0]?.value[1], "1");

      const firing = ({ data: { alerts } }: Alerts) =>
        alerts.filter(({ state }) => state === "firing").map(({ labels }) => labels["alertname"]);
      const alerts = await eventually(() => ask<Alerts>("alerts"), (all) => firing(all).length > 0);
      assertEquals(firing(alerts), ["ClockFinding"]);

      // Another machine's: the finding is over, and its clock needs the kernel.
      await writeMetrics(path("vdso.prom"), "aws_xen");
      await eventually(
        () => ask<Alerts>("alerts"),
        (all) => firing(all).join() === "ClockNeedsSystemCalls",
      );
    } finally {
      for (const child of children) {
        const ended = new Promise((resolve) => child.on("exit", resolve));
        child.kill("SIGKILL");
        await ended;
      }
    }
  });
});
