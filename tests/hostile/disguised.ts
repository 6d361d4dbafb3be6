/** This machine in the looks of others: what it says of itself decides nothing, and is reported. */
import type { Place } from "../../scripts/hostile/place.ts";
import { DISGUISES } from "../fixtures/disguises.ts";
import { hostExpectation, probeHere } from "./expectation.ts";

export const PLACES: readonly Place[] = DISGUISES.map(({ name, title, trust, launcher }) => ({
  name: `disguise-${name}`,
  title: `This machine, which says of its clocksource: ${title}`,
  size: "short",
  packages: ["util-linux"],
  run: () => probeHere(launcher, { ...hostExpectation(), trust }),
}));
