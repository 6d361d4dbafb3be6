/** What is read of a machine, from files that are made up. */
// npm test: node26 (it only computes, on what is made up)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { Reader } from "../../../doctor/facts/files.ts";
import {
  clockLines,
  readClocksource,
  readMachine,
  readNamespace,
  readProcess,
  readRtc,
  readVm,
} from "../../../doctor/facts/machine.ts";
import { fakeFiles } from "./fake_files.ts";

const reader = (files: Readonly<Record<string, string | null>>) => new Reader(fakeFiles(files));
const SYSTEM = "/sys/devices/system/clocksource/clocksource0";

test("readClocksource() keeps of the command line what concerns clocks, and no secret", () => {
  const facts = readClocksource(reader({
    [`${SYSTEM}/current_clocksource`]: "hpet\n",
    [`${SYSTEM}/available_clocksource`]: "tsc hpet acpi_pm \n",
    "/proc/cmdline":
      "root=UUID=123 ip=10.0.0.1 clocksource=hpet notsc tsc=unstable token=abc vdso=0 " +
      "clocksource=a/b -- tsc=reliable --key hidden\n",
  }));
  assertEquals(facts, {
    current: "hpet",
    available: ["tsc", "hpet", "acpi_pm"],
    parameters: ["clocksource=hpet", "notsc", "tsc=unstable", "vdso=0"],
  });
});

test("readClocksource() says what it may not read, once, and goes on", () => {
  const denied = reader({ [`${SYSTEM}/current_clocksource`]: null, "/proc/cmdline": "quiet" });
  const { current, available, parameters } = readClocksource(denied);
  assertEquals({ current, available, parameters }, {
    current: null,
    available: null,
    parameters: [],
  });
  assertEquals(denied.skipped, [
    { check: "clocksource", reason: `${SYSTEM}/current_clocksource: permission denied` },
  ]);
});

const GVISOR = "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n";

test("readMachine() reads CPU, kernel, DMI, and where it runs", () => {
  const places = (version: string, files: Readonly<Record<string, string>> = {}) =>
    readMachine(reader({ "/proc/version": version, "/proc/cpuinfo": "", ...files })).places;
  assertEquals(
    readMachine(reader({
      "/proc/cpuinfo":
        "processor\t: 0\nmodel name\t: AMD EPYC 7B13\nflags\t\t: fpu tsc constant_tsc hypervisor\n\n",
      "/proc/version": "Linux version 6.1.0-18-amd64 (debian-kernel) #1 SMP\n",
      "/sys/class/dmi/id/sys_vendor": "Google\n",
    })),
    {
      kernel: "6.1.0-18-amd64",
      cpu: "AMD EPYC 7B13",
      flags: ["constant_tsc", "hypervisor"],
      vendor: "Google",
      product: null,
      places: [],
    },
  );
  assertEquals(places(GVISOR), ["gvisor"]);
  assertEquals(places("Linux version 4.19.0-gvisor #1 SMP"), ["gvisor"]);
  assertEquals(places("Linux version 5.15.153.1-microsoft-standard-WSL2 (root)"), ["wsl"]);
  assertEquals(places("Linux version 6.6.12-linuxkit (root)", { "/.dockerenv": "" }), [
    "docker",
    "docker-desktop",
  ]);
  assertEquals(
    places("Linux version 6.1.0", {
      "/proc/1/cgroup": "0::/kubepods.slice/kubepods-burstable.slice/x\n",
    }),
    ["kubernetes"],
  );
});

test("readProcess() tells a tracer and a filter", () => {
  const status = (tracer: number, seccomp: number) =>
    readProcess(reader({
      "/proc/self/status": `Name:\tnode\nTracerPid:\t${tracer}\nSeccomp:\t${seccomp}\n` +
        "Seccomp_filters:\t1\n",
    }));
  assertEquals(status(0, 0), { seccomp: 0, traced: false });
  assertEquals(status(4711, 2), { seccomp: 2, traced: true });
  assertEquals(readProcess(reader({})), { seccomp: null, traced: null });
});

test("readVm() names the host's clocks", () => {
  assertEquals(
    readVm(reader({
      "/sys/class/ptp/ptp0/clock_name": "ena-ptp\n",
      "/sys/class/ptp/ptp1/clock_name": "KVM virtual PTP\n",
      "/sys/class/misc/vmclock0/dev": "10:122\n",
    })),
    { vmclock: true, ptp: ["ena-ptp", "KVM virtual PTP"] },
  );
  assertEquals(readVm(reader({ "/sys/class/ptp/ptp0/clock_name": null })), {
    vmclock: null,
    ptp: null,
  });
});

test("readNamespace() reads offsets, which older kernels do not have", () => {
  const offsets = "monotonic           0         0\nboottime       86400 500000000\n";
  assertEquals(readNamespace(reader({ "/proc/self/timens_offsets": offsets })), {
    monotonicOffsetS: 0,
    boottimeOffsetS: 86400.5,
  });
  assertEquals(readNamespace(reader({})), { monotonicOffsetS: 0, boottimeOffsetS: 0 });
  assertEquals(readNamespace(reader({ "/proc/self/timens_offsets": null })), {
    monotonicOffsetS: null,
    boottimeOffsetS: null,
  });
});

test("readRtc() reads seconds", () => {
  assertEquals(readRtc(reader({ "/sys/class/rtc/rtc0/since_epoch": "1795000000\n" })), 1795000000);
  assertEquals(readRtc(reader({})), undefined);
});

test("clockLines() keeps the lines of the kernel's log that concern clocks", () => {
  const log = [
    "<5>[    0.000000] Linux version 6.1.0",
    "<5>[    0.000000] Command line: clocksource=hpet token=secret",
    "<5>[    0.000000] Kernel command line: tsc=unstable token=secret",
    "<6>[    0.000000] tsc: Detected 2600.000 MHz processor",
    "<4>[   12.345678] clocksource: timekeeping watchdog on CPU3: Marking clocksource 'tsc' as unstable",
    "<6>[   13.000000] usb 1-1: new device",
    "<4>[    0.000000][    T0] [Firmware Bug]: TSC ADJUST: CPU0: -5 force to 0",
    "<6>hpet0: 3 comparators, 64-bit 14.318180 MHz counter",
    "<4>[    1.000000][   C3] Measured 57 cycles TSC warp between CPUs, turning off TSC clock.",
    "",
  ].join("\n");
  assertEquals(clockLines(log), [
    "tsc: Detected 2600.000 MHz processor",
    "clocksource: timekeeping watchdog on CPU3: Marking clocksource 'tsc' as unstable",
    "[Firmware Bug]: TSC ADJUST: CPU0: -5 force to 0",
    "hpet0: 3 comparators, 64-bit 14.318180 MHz counter",
    "Measured 57 cycles TSC warp between CPUs, turning off TSC clock.",
  ]);
});

test("clockLines() keeps nothing of a program that is called tsc, nor what programs write", () => {
  const log = [
    "<6>[  1.1] oom-kill:constraint=CONSTRAINT_MEMCG,task_memcg=/docker/9f2c,task=tsc,uid=1000",
    "<3>[  1.2] Memory cgroup out of memory: Killed process 4242 (tsc) total-vm:2222kB, UID:1000",
    '<5>[  1.3] audit: type=1326 auid=1000 comm="tsc" exe="/home/alice/.bin/tsc" sig=31',
    "<6>[  1.4] tsc[77]: segfault at 0 ip 0 sp 0 error 4 in libalice.so[7f]",
    "<4>[  1.5] tsc: page allocation failure: order:4, cpuset=cri-containerd-9f2c.scope",
    "<4>[  1.6] tsc invoked oom-killer: gfp_mask=0xcc0, order=0",
    "<12>[  1.7] tsc: Starting the build of alice",
    "<30>[  1.8] clocksource: alice",
  ].join("\n");
  assertEquals(clockLines(log), []);
});
