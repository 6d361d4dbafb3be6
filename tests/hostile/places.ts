/** All places of the hostile suite, in the order of docs/reach.md. */
import type { Place } from "../../scripts/hostile/place.ts";
import { PLACES as BYTES } from "./bytes.ts";
import { PLACES as CPUS } from "./cpus.ts";
import { PLACES as HIDDEN } from "./hidden.ts";
import { PLACES as IMAGES } from "./images.ts";
import { PLACES as LOCKED } from "./locked.ts";
import { PLACES as MACHINES } from "./machines.ts";
import { PLACES as SOAK } from "./soak.ts";

export const PLACES: readonly Place[] = [
  ...MACHINES,
  ...CPUS,
  ...HIDDEN,
  ...LOCKED,
  ...SOAK,
  ...IMAGES,
  ...BYTES,
];
