/** The places of the hostile suite, in the order of docs/reach.md. */
import os from "node:os";
import type { Place } from "../../scripts/hostile/place.ts";
import { PLACES as BYTES } from "./bytes.ts";
import { PLACES as CPUS } from "./cpus.ts";
import { PLACES as DISGUISED } from "./disguised.ts";
import { PLACES as DOCTOR } from "./doctor.ts";
import { PLACES as HIDDEN } from "./hidden.ts";
import { PLACES as IMAGES } from "./images.ts";
import { PLACES as LOCKED } from "./locked/mod.ts";
import { PLACES as MACHINES } from "./machines.ts";
import { PLACES as RELEASES } from "./releases.ts";
import { PLACES as SOAK } from "./soak.ts";

/** All there are. */
export const ALL: readonly Place[] = [
  ...MACHINES,
  ...DISGUISED,
  ...CPUS,
  ...HIDDEN,
  ...LOCKED,
  ...DOCTOR,
  ...RELEASES,
  ...SOAK,
  ...IMAGES,
  ...BYTES,
];

/** Those that can be reached from this CPU. */
export const PLACES: readonly Place[] = ALL.filter(({ from = os.arch() }) => from === os.arch());
