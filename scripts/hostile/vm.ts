/**
 * Virtual machines: a kernel of Debian, and a file system in memory with busybox, the C library, the
 * runtimes and this library's sources. QEMU emulates the CPU, so that any machine can.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { AARCH64 } from "../aarch64.ts";
import { ROOT } from "../runtimes.ts";
import { BOOKWORM, extract, TRIXIE } from "./debian.ts";
import { type Kernel, kernelFile, kernelVersion } from "./kernels.ts";
import { CACHE, type Ended, once, output, run } from "./place.ts";

/** A program to run in the machine, below the root of its file system. */
export interface Job {
  readonly name: string;
  readonly words: readonly string[];
}

/** What came of a job. */
export interface JobResult {
  readonly status: number;
  /** Standard output and standard error. */
  readonly output: string;
}

/** The machine's run. */
export interface Boot {
  /** As uname(2) tells it. */
  readonly version: string;
  readonly clocksource: string;
  readonly jobs: ReadonlyMap<string, JobResult>;
  readonly seconds: number;
}

/** A runtime in the machine. */
export interface VmRuntime {
  readonly id: "bun" | "deno" | "node";
  readonly command: readonly string[];
}

export const VM_RUNTIMES: readonly VmRuntime[] = [
  { id: "bun", command: ["/bin/bun"] },
  { id: "deno", command: ["/bin/deno", "run", "--no-check", "--quiet", "--allow-all"] },
  { id: "node", command: ["/bin/node"] },
];

/** Files of a machine: where they lie there, below its root, and what they are here. */
export type Files = readonly (readonly [target: string, source: string])[];

/** What a machine has that no run changes: a C library, and what else its programs take. */
export interface FileSystem {
  /** No other's, nor the beginning of another's. */
  readonly name: string;
  files(): Files | Promise<Files>;
}

interface Cpu {
  readonly qemu: readonly string[];
  readonly console: string;
  /** Debian's releases that have a busybox for it. */
  readonly busybox: readonly string[];
  /** Bun, Deno, Node; undefined where they are not to be had all. */
  readonly base?: Base;
}

/** The runtimes, and what they take. */
interface Base {
  /** Where the runtimes are installed. */
  readonly modules: string;
  readonly runtimes: Readonly<Record<VmRuntime["id"], string>>;
  /** Where the C library may be, and the path that programs know its loader by. */
  readonly libraries: readonly string[];
  readonly loader: string;
}

const CPUS: Readonly<Record<string, Cpu>> = {
  amd64: {
    // QEMU does not promise a constant TSC, though it has one: so that ticks() need not refuse.
    qemu: ["qemu-system-x86_64", "-cpu", "max,+invtsc,x-force-features=on"],
    console: "ttyS0",
    busybox: BOOKWORM,
    base: {
      modules: join(ROOT, "node_modules"),
      runtimes: {
        bun: "@oven/bun-linux-x64/bin/bun",
        deno: "@deno/linux-x64-glibc/deno",
        node: "node26-x64/bin/node",
      },
      libraries: ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"],
      loader: "/lib64/ld-linux-x86-64.so.2",
    },
  },
  arm64: {
    qemu: ["qemu-system-aarch64", "-machine", "virt", "-cpu", "max,pauth-impdef=on"],
    console: "ttyAMA0",
    busybox: BOOKWORM,
    base: {
      modules: join(AARCH64, "node_modules"),
      runtimes: {
        bun: "@oven/bun-linux-aarch64/bin/bun",
        deno: "@deno/linux-arm64-glibc/deno",
        node: "node26-arm64/bin/node",
      },
      libraries: ["/usr/aarch64-linux-gnu/lib"],
      loader: "/lib/ld-linux-aarch64.so.1",
    },
  },
  riscv64: {
    qemu: ["qemu-system-riscv64", "-machine", "virt"],
    console: "ttyS0",
    busybox: TRIXIE,
  },
  ppc64el: {
    qemu: ["qemu-system-ppc64", "-machine", "pseries,usb=off", "-cpu", "power9", "-vga", "none"],
    console: "hvc0",
    busybox: BOOKWORM,
  },
  s390x: {
    qemu: ["qemu-system-s390x", "-machine", "s390-ccw-virtio", "-cpu", "max"],
    console: "ttysclp0",
    busybox: BOOKWORM,
  },
};

const LIBRARIES = [
  "libc.so.6",
  "libdl.so.2",
  "libm.so.6",
  "libpthread.so.0",
  "librt.so.1",
  "libgcc_s.so.1",
  "libstdc++.so.6",
  "libatomic.so.1",
];

/** The sources, and what they need besides: what the command imports, and what Deno wants to find. */
const PROJECT: Files = [
  "mod.ts",
  "cli.ts",
  "bench",
  "cli",
  "doctor",
  "jitter",
  "core",
  "elf",
  "ffi",
  "shim",
  "package.json",
  "deno.json",
  "tests/std_assert",
  "tests/hostile/probe.ts",
  "tests/hostile/watch.sh",
  "node_modules/@optique",
  "node_modules/simple-ascii-chart",
  "node_modules/simple-statistics",
].map((path) => [join("vdso", path), join(ROOT, path)] as const);

/** Which machine, and what to do in it. */
export interface VmOptions {
  readonly kernel: Kernel;
  /** For the kernel's command line. */
  readonly parameters: readonly string[];
  /** How many CPUs. */
  readonly cpus: number;
  readonly jobs: readonly Job[];
  /** Instead of the three runtimes. */
  readonly base?: FileSystem;
  /** Instead of this library's sources. */
  readonly own?: Files;
}

/** For all of it, in milliseconds: a tenth of that will do, unless others want the CPUs too. */
const TIMEOUT = 300_000;

/** Starts a machine, runs the jobs one after another, and waits for its end. */
export async function boot(
  { kernel, parameters, cpus, jobs, base = runtimes(kernel), own = PROJECT }: VmOptions,
): Promise<Boot> {
  const cpu = cpuOf(kernel);
  const file = await kernelFile(kernel);
  const archive = await once(`file system ${base.name}`, () => baseArchive(kernel, base));
  const directory = mkdtempSync(join(tmpdir(), "vdso-hostile-"));
  try {
    const programs = await ownArchive(directory, own, jobs);
    const initrd = join(directory, "initrd");
    // The kernel takes archives one after another.
    await output(["sh", "-c", 'cat "$1" "$2" > "$3"', "cat", archive, programs, initrd]);
    const start = performance.now();
    const ended = await run([
      ...cpu.qemu,
      ...["-accel", "tcg", "-m", "3G", "-smp", `${cpus}`, "-nic", "none"],
      ...["-kernel", file, "-initrd", initrd],
      ...["-append", `console=${cpu.console} panic=-1 quiet loglevel=1 ${parameters.join(" ")}`],
      ...["-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot"],
    ], { timeout: TIMEOUT });
    const seconds = (performance.now() - start) / 1000;
    return { ...parse(ended), version: kernelVersion(file), seconds };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Lines of the console that are not some program's. */
const SIGN = "@@@";

function initScript(jobs: readonly Job[]): string {
  const clocksources = "/sys/devices/system/clocksource/clocksource0";
  return `#!/bin/busybox sh
export PATH=/bin HOME=/tmp NO_COLOR=1
busybox mkdir -p /proc /sys /dev /tmp
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
busybox mount -t tmpfs tmp /tmp
cd /vdso
echo # the firmware leaves a line unfinished
# It is tsc-early until the kernel has measured the TSC.
for i in 1 2 3 4 5 6 7 8; do
  busybox grep -q early ${clocksources}/current_clocksource || break
  busybox sleep 1
done
${
    jobs.map(({ name, words }) => `
echo "${SIGN} begin ${name}"
busybox timeout -s KILL 120 ${words.join(" ")} 2>&1
echo "${SIGN} end ${name} $?"`).join("\n")
  }
# Last: a clock may be struck while somebody uses it.
echo "${SIGN} current $(busybox cat ${clocksources}/current_clocksource)"
# Waits until the console has sent all of it (TCSETSW): what it has not is lost with the power.
busybox stty sane <&1
busybox poweroff -f
`;
}

function parse({ stdout, stderr, status, signal }: Ended): Omit<Boot, "version" | "seconds"> {
  const text = stripVTControlCharacters(stdout).replaceAll("\r", "");
  const word = (name: string) => new RegExp(`^${SIGN} ${name} (.*)$`, "m").exec(text)?.[1]?.trim();
  const clocksource = word("current");
  if (clocksource === undefined) {
    const end = `QEMU ended with ${signal ?? status} before its time`;
    throw new Error(`${end}: ${text.slice(-1000).trim()} ${stderr.slice(-500).trim()}`);
  }
  const jobs = new Map<string, JobResult>();
  const job = new RegExp(`^${SIGN} begin (\\S+)\\n([^]*?)${SIGN} end \\1 (\\d+)$`, "gm");
  for (const [, name = "", output = "", status] of text.matchAll(job)) {
    jobs.set(name, { status: Number(status), output });
  }
  return {
    clocksource,
    jobs,
  };
}

function cpuOf({ architecture }: Kernel): Cpu {
  const cpu = CPUS[architecture];
  if (!cpu) throw new Error(`No machine for ${architecture}`);
  return cpu;
}

/** Bun, Deno and Node, and their libraries. */
function runtimes(kernel: Kernel): FileSystem {
  const { base } = cpuOf(kernel);
  if (!base) throw new Error(`No runtimes for ${kernel.architecture}`);
  const { modules, runtimes, loader } = base;
  return {
    name: kernel.architecture,
    files: () => [
      ...Object.entries(runtimes).map(([id, path]) => [`bin/${id}`, join(modules, path)] as const),
      ...LIBRARIES.map((name) => [`lib/${name}`, library(base, name)] as const),
      [loader.slice(1), library(base, basename(loader))],
    ],
  };
}

/** With busybox. Made once for each state of the files. */
async function baseArchive(kernel: Kernel, { name, files: more }: FileSystem): Promise<string> {
  const { architecture } = kernel;
  const busybox = (await extract(
    { name: "busybox-static", architecture, releases: cpuOf(kernel).busybox },
    "*/bin/busybox",
    join(CACHE, "busybox", architecture),
  ))[0] ?? "";
  const files: Files = [["bin/busybox", busybox], ...await more()];
  const hash = createHash("sha256");
  for (const [target, source] of files) {
    const { size, mtimeMs } = statSync(source);
    hash.update(JSON.stringify([target, source, size, mtimeMs]));
  }
  const archive = join(CACHE, "initramfs", `${name}-${hash.digest("hex").slice(0, 16)}.cpio`);
  if (existsSync(archive)) return archive;
  // Older states are of no use any more, and large.
  const directory = dirname(archive);
  mkdirSync(directory, { recursive: true });
  for (const older of readdirSync(directory)) {
    if (older.startsWith(`${name}-`)) rmSync(join(directory, older), { recursive: true });
  }
  const stage = mkdtempSync(`${archive}.`);
  try {
    for (const [target, source] of files) {
      mkdirSync(dirname(join(stage, target)), { recursive: true });
      symlinkSync(source, join(stage, target));
    }
    await pack(stage, `${stage}.cpio`);
    renameSync(`${stage}.cpio`, archive);
  } finally {
    rmSync(stage, { recursive: true });
  }
  return archive;
}

function library({ libraries }: Base, name: string): string {
  const path = libraries.map((directory) => join(directory, name)).find((path) => existsSync(path));
  if (path === undefined) throw new Error(`${name} is not in ${libraries.join(" or ")}`);
  return path;
}

/** What may be another in the next run, as it is now, and what to run. */
async function ownArchive(directory: string, own: Files, jobs: readonly Job[]): Promise<string> {
  const stage = join(directory, "stage");
  mkdirSync(join(stage, "vdso"), { recursive: true });
  for (const [target, source] of own) cpSync(source, join(stage, target), { recursive: true });
  writeFileSync(join(stage, "init"), initScript(jobs));
  chmodSync(join(stage, "init"), 0o755);
  const archive = join(directory, "own.cpio");
  await pack(stage, archive);
  return archive;
}

/** Follows symbolic links. */
async function pack(directory: string, archive: string): Promise<void> {
  const script =
    'find -L . -print0 | cpio --null --create --dereference --format=newc --quiet > "$1"';
  await output(["sh", "-c", script, "pack", archive], { cwd: directory });
}
