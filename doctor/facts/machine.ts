/**
 * Reads what the machine is, and what the kernel says of its clocks.
 *
 * @module
 */
import type { Reader } from "./files.ts";
import type { ClocksourceFacts, MachineFacts, ProcessFacts, TimeFacts, VmFacts } from "./types.ts";

const CLOCKSOURCE = "/sys/devices/system/clocksource/clocksource0";

/** All that concerns clocks, as far as it is no secret: kernel-parameters.txt. */
const PARAMETERS =
  /^(clocksource|tsc|tsc_early_khz|vdso|vsyscall|hpet|clock|nohz|nohz_full|isolcpus|idle|processor\.max_cstate|intel_idle\.max_cstate|clocksource\.[\w-]+)=[\w.,:-]*$|^(notsc|nohpet|no-kvmclock|no-kvmclock-vsyscall|no-steal-acc|no_timer_check|nohlt)$/;

/** The kernel's clocksource, and who chose it. */
export function readClocksource(reader: Reader): Omit<ClocksourceFacts, "log"> {
  const check = "clocksource";
  const current = reader.expected(check, `${CLOCKSOURCE}/current_clocksource`);
  const available = reader.expected(check, `${CLOCKSOURCE}/available_clocksource`);
  const cmdline = reader.expected("boot parameters", "/proc/cmdline");
  return {
    current: current || null,
    available: available === undefined ? null : words(available),
    // What comes after -- is for init.
    parameters: cmdline === undefined
      ? null
      : words(cmdline.split(/(?:^| )-- /)[0] ?? "").filter((word) => PARAMETERS.test(word)),
  };
}

/** Those that say something of the counter. */
const FLAGS = ["constant_tsc", "nonstop_tsc", "tsc_reliable", "tsc_known_freq", "hypervisor"];

/** What /proc and DMI say. */
export function readMachine(
  reader: Reader,
): Pick<MachineFacts, "kernel" | "cpu" | "flags" | "vendor" | "product" | "places"> {
  const cpuinfo = reader.expected("CPU", "/proc/cpuinfo");
  const version = reader.expected("kernel", "/proc/version");
  const field = (name: string) =>
    new RegExp(`^${name}\\s*: (.*)$`, "m").exec(cpuinfo ?? "")?.[1] ?? null;
  const flags = field("flags");
  return {
    kernel: /^Linux version (\S+)/.exec(version ?? "")?.[1] ?? null,
    cpu: field("model name"),
    flags: flags === null ? null : words(flags).filter((flag) => FLAGS.includes(flag)),
    vendor: reader.text("DMI", "/sys/class/dmi/id/sys_vendor") ?? null,
    product: reader.text("DMI", "/sys/class/dmi/id/product_name") ?? null,
    places: version === undefined ? null : placesOf(reader, version),
  };
}

function placesOf(reader: Reader, version: string): string[] {
  const cgroup = reader.text("container", "/proc/1/cgroup") ?? "";
  const signs: Readonly<Record<string, boolean>> = {
    docker: reader.exists("/.dockerenv") || /\bdocker\b/.test(cgroup),
    podman: reader.exists("/run/.containerenv") || /\blibpod\b/.test(cgroup),
    kubernetes: reader.exists("/var/run/secrets/kubernetes.io") || /\bkubepods\b/.test(cgroup),
    lxc: /\blxc\b/.test(cgroup),
    // pkg/sentry/kernel/version: 4.4.0 until 2026, then with its name
    gvisor: /-gvisor\b|^Linux version 4\.4\.0 #1 SMP Sun Jan 10 15:06:54 PST 2016$/.test(version),
    wsl: /microsoft/i.test(version),
    "docker-desktop": /-linuxkit\b/.test(version),
  };
  return Object.keys(signs).filter((name) => signs[name]);
}

/** What looks at this process. */
export function readProcess(reader: Reader): ProcessFacts {
  const status = reader.expected("tracer", "/proc/self/status");
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\d+)$`, "m").exec(status ?? "")?.[1];
  const [seccomp, tracer] = [field("Seccomp"), field("TracerPid")];
  return {
    seccomp: seccomp === undefined ? null : Number(seccomp),
    traced: tracer === undefined ? null : tracer !== "0",
  };
}

/** PTP devices have numbers from 0 on. */
const MOST_DEVICES = 16;

/** What the hypervisor offers. */
export function readVm(reader: Reader): VmFacts {
  const ptp: string[] = [];
  for (let i = 0; i < MOST_DEVICES; i++) {
    const name = reader.text("PTP devices", `/sys/class/ptp/ptp${i}/clock_name`);
    if (name !== undefined) ptp.push(name);
  }
  const denied = reader.skipped.some(({ check }) => check === "PTP devices");
  return {
    vmclock: denied ? null : reader.exists("/sys/class/misc/vmclock0/dev"),
    ptp: denied ? null : ptp,
  };
}

/** Offsets of the time namespace, in seconds. */
export function readNamespace(
  reader: Reader,
): Pick<TimeFacts, "monotonicOffsetS" | "boottimeOffsetS"> {
  // Without time namespaces there is no such file, and no offset.
  const offsets = reader.text("time namespace", "/proc/self/timens_offsets");
  const denied = reader.skipped.some(({ check }) => check === "time namespace");
  const of = (clock: string) => {
    const [, s, ns] = new RegExp(`^${clock}\\s+(-?\\d+)\\s+(\\d+)$`, "m").exec(offsets ?? "") ?? [];
    return s === undefined ? (denied ? null : 0) : Number(s) + Number(ns) / 1e9;
  };
  return { monotonicOffsetS: of("monotonic"), boottimeOffsetS: of("boottime") };
}

/** Seconds since 1970 of the real-time clock device; undefined where there is none. */
export function readRtc(reader: Reader): number | undefined {
  const text = reader.text("RTC", "/sys/class/rtc/rtc0/since_epoch");
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

/**
 * How the kernel's own lines begin. The words alone are also names of programs, such as TypeScript's
 * `tsc`, and lines of those name users, files and containers.
 */
const LOG = new RegExp(
  String.raw`^(\[Firmware \w+\]: )?(${
    [
      String.raw`(clocksource|kvm-clock|hpet\d*|sched_clock|timekeeping|arch_timer): `,
      "(tsc|TSC): ([A-Z]|using )", // "tsc: page allocation failure" is the program's
      "TSC (ADJUST|deadline|doesn't|synchronization)",
      String.raw`Measured \d+ cycles TSC warp `,
      "Clocksource tsc unstable|Switch(ed|ing) to clocksource ", // older kernels
      "Hyper-V: .*(reference|TSC)",
    ].join("|")
  })`,
);
/** Of syslog(2): `<6>`, the time, and who was running (CONFIG_PRINTK_CALLER). */
const HEAD = /^<(\d+)>(\[ *[\d.]+\](\[ *[TC]\d+\])? )?/;
/** From here on it is what programs wrote to /dev/kmsg. */
const OTHERS = 8;
const MOST_LINES = 30;

/** The lines of the kernel's log that concern clocks, without their times. */
export function clockLines(log: string): string[] {
  return log.split("\n")
    .filter((line) => Number(HEAD.exec(line)?.[1]) < OTHERS)
    .map((line) => line.replace(HEAD, ""))
    .filter((line) => LOG.test(line))
    .slice(-MOST_LINES);
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
