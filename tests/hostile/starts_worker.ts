/** Uses every part of the library that keeps something: once, and that is all. */
import {
  clockGettime,
  cpu,
  getrandom,
  inspect,
  now,
  randomU32,
  sources,
  ticks,
} from "../../mod.ts";

now();
clockGettime(7);
cpu();
ticks();
randomU32();
getrandom(new Uint8Array(16));
inspect();
sources();
