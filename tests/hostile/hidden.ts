/** No vDSO in the process, though the kernel has one: each mode of native/novdso.c, all runtimes. */
import type { Place } from "../../scripts/hostile/place.ts";
import { HIDDEN } from "../fixtures/hidden.ts";
import { nativeProgram } from "../native.ts";
import { NOT_FROM_USER_SPACE, probeHere } from "./expectation.ts";

export const PLACES: readonly Place[] = HIDDEN.map(({ how, options, reason }) => ({
  name: ["process", ...options].join(""),
  title: `A process without a vDSO: ${how}`,
  size: "short",
  packages: ["gcc", "libc6-dev"],
  run: () =>
    probeHere([nativeProgram("novdso"), ...options], {
      vdso: [],
      reason,
      fast: false,
      ticks: NOT_FROM_USER_SPACE,
    }),
}));
