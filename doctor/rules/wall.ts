/**
 * The wall clock: who keeps it, how far it may be off, and what is special about its day.
 *
 * @module
 */
import { evidence, isIn, known, type Rule } from "./rule.ts";

/** The kernel's own bound: NTP_PHASE_LIMIT of include/linux/timex.h, where it gives up counting. */
const UNSYNCHRONISED_US = 16e6;
const STA_INS = 0x10;
const STA_DEL = 0x20;
const STA_UNSYNC = 0x40;

const unsynchronised: Rule = (facts) => {
  const { maxerrorUs, status } = facts.wall;
  if (maxerrorUs === null || maxerrorUs < UNSYNCHRONISED_US) return undefined;
  const byHost = isIn(facts, "wsl", "docker-desktop");
  return {
    id: "wall.unsynchronised",
    severity: byHost ? "unknown" : "warning",
    evidence: [
      evidence("error, at most", maxerrorUs / 1e6, "s"),
      ...(status !== null && status & STA_UNSYNC ? [evidence("status", "STA_UNSYNC")] : []),
    ],
    meaning: byHost
      ? "No NTP daemon tells the kernel how right the wall clock is; an agent of the host may set it."
      : "No NTP daemon tells the kernel that the wall clock is right.",
    advice: byHost
      ? "Compare with a server: chronyd -Q 'server pool.ntp.org iburst'."
      : "Run chronyd, ntpd or systemd-timesyncd on the host. In a container this is the host's " +
        "clock: nothing is to be done inside.",
  };
};

const ERROR_US = 1e6;

const error: Rule = ({ wall: { maxerrorUs } }) => {
  if (maxerrorUs === null || maxerrorUs <= ERROR_US || maxerrorUs >= UNSYNCHRONISED_US) {
    return undefined;
  }
  return {
    id: "wall.error",
    severity: "warning",
    evidence: [evidence("error, at most", maxerrorUs / 1e6, "s")],
    meaning: "The wall clock may be off by more than a second: its stamps cannot order what " +
      "happened on several machines.",
    advice:
      "Look at the NTP daemon (chronyc tracking, timedatectl timesync-status): it reaches no " +
      "server, or has just begun.",
  };
};

/** NTP daemons keep below it, but for a large error. */
export const SLEW_PPM = 500;
const TICK_US = 10_000;
const PPM_PER_TICK_US = 100;

/** How much faster than the oscillator the kernel lets its clocks run, in ppm. */
export function slewPpm(wall: { tickUs: number | null; freqPpm: number | null }): number | null {
  if (wall.tickUs === null || wall.freqPpm === null) return null;
  return (wall.tickUs - TICK_US) * PPM_PER_TICK_US + wall.freqPpm;
}

/** By what the kernel says alone: an offset that it works off by itself (STA_PLL) is not in it. */
export const slewing: Rule = ({ wall }) => {
  const ppm = slewPpm(wall);
  if (ppm === null || Math.abs(ppm) <= SLEW_PPM) return undefined;
  return {
    id: "wall.slewing",
    severity: "warning",
    evidence: [evidence("slew", ppm, "ppm")],
    meaning: "Somebody corrects a large error by making seconds longer or shorter: durations by " +
      "now() are off by that much, as those of every program.",
    advice: "nowRaw() is not slewed. Wait until it is over; if it never is, the machine's " +
      "frequency is wrong: tell the host.",
  };
};

const tai: Rule = ({ wall: { taiS } }) => {
  if (taiS !== 0) return undefined;
  return {
    id: "tai.unset",
    severity: "information",
    evidence: [evidence("TAI - UTC", taiS, "s")],
    meaning: "Nobody has told the kernel how far TAI is ahead: CLOCK_TAI equals UTC here.",
    advice: "Only for users of CLOCK_TAI: chrony's leapsectz right/UTC, or leapseclist, sets it.",
  };
};

const leap: Rule = ({ wall: { status, maxerrorUs } }) => {
  if (status === null || !(status & (STA_INS | STA_DEL))) return undefined;
  return {
    id: "leap.pending",
    severity: "information",
    evidence: [
      evidence("status", status & STA_INS ? "STA_INS" : "STA_DEL"),
      ...known("error, at most", maxerrorUs === null ? null : maxerrorUs / 1e6, "s"),
    ],
    meaning: status & STA_INS
      ? "At midnight UTC the wall clock repeats a second."
      : "At midnight UTC the wall clock leaves out a second.",
    advice:
      "Take durations from now(), order from timestampBigInt(). Servers that smear the leap " +
      "second never announce one.",
  };
};

/** All of this file. */
export const WALL_RULES: readonly Rule[] = [unsynchronised, error, slewing, tai, leap];
