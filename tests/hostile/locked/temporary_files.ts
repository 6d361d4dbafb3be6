/** Temporary directories that are of no use. */
import type { Place } from "../../../scripts/hostile/place.ts";
import { denying, mounted, TEMPORARY } from "../../launchers.ts";
import { onRuntimeClock, place, probe } from "./place.ts";

const FLAWS = {
  noexec: { title: "mounted noexec", reason: /failed to map segment/ },
  ro: { title: "read-only", reason: /mkdtemp\(3\) failed in \/tmp; .* \/var\/tmp; .* \/dev\/shm/ },
  full: { title: "full", reason: /write\(2\) wrote 0 of \d+ bytes/ },
} as const;

export const FILES = Object.entries(FLAWS).flatMap(([name, { title, reason }]): Place[] => {
  const flaw = name as keyof typeof FLAWS;
  const withoutMemfds = denying.bind(undefined, "memfd_create");
  return [
    place(
      `tmp-${flaw}`,
      `/tmp, /var/tmp and /dev/shm are ${title}`,
      (runtime) => probe(runtime, { launcher: mounted(flaw, TEMPORARY) }),
    ),
    place(
      `tmp-${flaw}-no-memfd`,
      `/tmp is ${title}, and a filter denies memfds`,
      (runtime) => probe(runtime, { launcher: [...withoutMemfds(), ...mounted(flaw, ["/tmp"])] }),
    ),
    place(
      `tmp-${flaw}-nothing`,
      `/tmp, /var/tmp and /dev/shm are ${title}, and a filter denies memfds`,
      (runtime) => {
        const launcher = [...withoutMemfds(), ...mounted(flaw, TEMPORARY)];
        return onRuntimeClock(runtime, { launcher }, reason);
      },
    ),
  ];
});
