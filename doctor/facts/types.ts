/**
 * What a doctor knows of a machine: plain data, that may go into a file and be looked at elsewhere.
 *
 * Nothing here is private: no names of hosts, users, files or containers, no addresses, and of the
 * kernel's command line only the parameters that concern clocks. What could not be had is null.
 *
 * @module
 */

/** Of {@link Facts}: a file of another version is refused. */
export const FACTS_VERSION = 1;

/** Everything that was read and measured: what `vdso doctor --collect` writes. */
export interface Facts {
  /** {@link FACTS_VERSION}. */
  readonly version: 1;
  /** The JavaScript runtime. */
  readonly runtime: RuntimeFacts;
  /** The machine and its kernel. */
  readonly machine: MachineFacts;
  /** The process that examines. */
  readonly process: ProcessFacts;
  /** What the kernel says of its clocks. */
  readonly clocksource: ClocksourceFacts;
  /** How the vDSO is reached. */
  readonly vdso: VdsoFacts;
  /** What was measured. */
  readonly measured: MeasuredFacts;
  /** The CPU's counter. */
  readonly counter: CounterFacts;
  /** Who else takes CPU time. */
  readonly cpu: CpuFacts;
  /** How right the wall clock is. */
  readonly wall: WallFacts;
  /** What a hypervisor offers. */
  readonly vm: VmFacts;
  /** How the monotonic clocks stand. */
  readonly time: TimeFacts;
  /** Checks that could not be made, and why. */
  readonly skipped: readonly Skipped[];
}

/** The JavaScript runtime. */
export interface RuntimeFacts {
  /** `"deno"`, `"bun"`, `"node"`. */
  readonly name: string | null;
  /** Its version. */
  readonly version: string | null;
  /** Whether `performance.eventLoopUtilization()` says nothing but zeros. */
  readonly eluIsStub: boolean | null;
}

/** The machine and its kernel. */
export interface MachineFacts {
  /** The kernel's name of the CPU: `"x86_64"`, `"aarch64"`. */
  readonly arch: string | null;
  /** The kernel's release: `"6.18.44"`. */
  readonly kernel: string | null;
  /** The CPU's model. */
  readonly cpu: string | null;
  /** How many CPUs this process may run on. */
  readonly cpus: number | null;
  /** Those of /proc/cpuinfo that concern the counter, and `hypervisor`. */
  readonly flags: readonly string[] | null;
  /** Whether the CPU states that its counter runs at one rate in every state of power. */
  readonly invariant: boolean | null;
  /** The hypervisor's signature of CPUID leaf 40000000h: `"KVMKVMKVM"`; empty without one. */
  readonly hypervisor: string | null;
  /** DMI's sys_vendor. */
  readonly vendor: string | null;
  /** DMI's product_name. */
  readonly product: string | null;
  /** `"docker"`, `"podman"`, `"kubernetes"`, `"lxc"`, `"gvisor"`, `"wsl"`, `"docker-desktop"`. */
  readonly places: readonly string[] | null;
}

/** The process that examines. */
export interface ProcessFacts {
  /** 0, or 2 where a seccomp filter looks at its system calls. */
  readonly seccomp: number | null;
  /** Whether a debugger or strace(1) is attached. */
  readonly traced: boolean | null;
}

/** What the kernel says of its clocks. */
export interface ClocksourceFacts {
  /** The one in use. */
  readonly current: string | null;
  /** Those it may be changed to. */
  readonly available: readonly string[] | null;
  /** The parameters of the kernel's command line that concern clocks. */
  readonly parameters: readonly string[] | null;
  /** The lines of its log that do. */
  readonly log: readonly string[] | null;
}

/** How the vDSO is reached. */
export interface VdsoFacts {
  /** By which FFI: as `sources().ffi` says it. */
  readonly ffi: string | null;
  /** Whether the kernel maps one into this process, and it can be read. */
  readonly mapped: boolean | null;
  /** By entry: `"vdso"`, `"syscall"`, `"runtime"`. */
  readonly entries: Readonly<Record<string, string>> | null;
  /** Why not all are `"vdso"`. */
  readonly reason: string | null;
  /** Of the page at a fixed address: `"emulate"`, `"xonly"`, `"none"`. */
  readonly vsyscall: string | null;
}

/** What one call costs. */
export interface PathCost {
  /** By the path that the entry takes, from a loop in C. */
  readonly nativeNs: number;
  /** By the system call, from a loop in C. */
  readonly syscallNs: number;
}

/** What was measured. */
export interface MeasuredFacts {
  /** By name of the clock, `"monotonic"`: clock_gettime(2). */
  readonly clocks: Readonly<Record<string, PathCost>> | null;
  /** By entry. */
  readonly entries: Readonly<Record<string, PathCost>> | null;
  /** What JavaScript pays, by what it calls: `"now()"`, `"performance.now()"`. */
  readonly runtimeNs: Readonly<Record<string, number>> | null;
  /** The system call that does the least, getpid(2). */
  readonly nullSyscallNs: number | null;
  /** The least step of CLOCK_MONOTONIC that was seen; 1 where none could be told. */
  readonly stepNs: number | null;
  /** The resolution of CLOCK_MONOTONIC_COARSE: a tick of the timer. */
  readonly coarseNs: number | null;
  /** How often a thread was moved to another CPU and read clocks before and after. */
  readonly hops: number | null;
  /** How often a clock went backwards then. */
  readonly backwards: number | null;
  /** The first time that it did, in words. */
  readonly backwardsFirst: string | null;
}

/** The CPU's counter. */
export interface CounterFacts {
  /** `"rdtsc"`, `"cntvct_el0"`. */
  readonly instruction: string | null;
  /** As `ticksInfo().trust`. */
  readonly trust: string | null;
  /** Why `ticks()` refuses; empty if it works. */
  readonly refusal: string | null;
  /** Its frequency. */
  readonly hz: number | null;
  /** What reading it costs, in C. */
  readonly costNs: number | null;
  /** How often it and CLOCK_MONOTONIC_RAW have gone apart at once. */
  readonly jumps: number | null;
}

/** Who else takes CPU time. What is of the window is what came to pass while it was measured. */
export interface CpuFacts {
  /** How long the window is. */
  readonly windowNs: number | null;
  /** Of the cgroup: 1 or 2. */
  readonly cgroup: number | null;
  /** The quota in CPUs; null also where there is none. */
  readonly quotaCpus: number | null;
  /** Periods of the quota in the window, of the group that was stopped most then. */
  readonly periods: number | null;
  /** In how many of them the group was stopped. */
  readonly throttledPeriods: number | null;
  /** For how long, summed over CPUs. */
  readonly throttledNs: number | null;
  /** Periods since a group is there, of the one that was stopped in most of them. */
  readonly allPeriods: number | null;
  /** In how many of them it was stopped. */
  readonly allThrottledPeriods: number | null;
  /** PSI: percent of the last 10 s in which some task waited for a CPU. */
  readonly pressure: number | null;
  /** The part of the window that the hypervisor gave to others, 0 to 1. */
  readonly steal: number | null;
  /** How long this thread waited in a run queue, in the window. */
  readonly runDelayNs: number | null;
  /** cpufreq's governor. */
  readonly governor: string | null;
  /** Microseconds that the deepest idle state takes to wake from. */
  readonly idleLatencyUs: number | null;
}

/** How right the wall clock is: what adjtimex(2) says, and two more comparisons. */
export interface WallFacts {
  /** Its return value: TIME_OK is 0, TIME_ERROR 5. */
  readonly state: number | null;
  /** STA_ flags. */
  readonly status: number | null;
  /** The bound of the error, which grows by 500 ppm while nobody corrects the clock. */
  readonly maxerrorUs: number | null;
  /** The kernel's correction of the frequency, beside that of `tickUs`. */
  readonly freqPpm: number | null;
  /** Microseconds in a hundredth of a second: 10000. */
  readonly tickUs: number | null;
  /** CLOCK_TAI less CLOCK_REALTIME, in seconds. */
  readonly taiS: number | null;
  /** CLOCK_REALTIME less the real-time clock device, in seconds. */
  readonly rtcS: number | null;
}

/** What a hypervisor offers. */
export interface VmFacts {
  /** Whether /dev/vmclock0 is there. */
  readonly vmclock: boolean | null;
  /** The names of PTP devices: `"KVM virtual PTP"`, `"hyperv"`. */
  readonly ptp: readonly string[] | null;
}

/** How the monotonic clocks stand. */
export interface TimeFacts {
  /** CLOCK_MONOTONIC in seconds. */
  readonly uptimeS: number | null;
  /** CLOCK_BOOTTIME less CLOCK_MONOTONIC, in seconds: below 0 where a time namespace shifts them so. */
  readonly suspendedS: number | null;
  /** The time namespace's offset of CLOCK_MONOTONIC in seconds. */
  readonly monotonicOffsetS: number | null;
  /** The time namespace's offset of CLOCK_BOOTTIME in seconds. */
  readonly boottimeOffsetS: number | null;
}

/** A check that could not be made. */
export interface Skipped {
  /** What was to be read or measured: `"clocksource"`. */
  readonly check: string;
  /** Why it was not. */
  readonly reason: string;
}
