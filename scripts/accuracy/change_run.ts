/**
 * One process run of one benchmark, as a comparison takes them: prints its slices.
 *
 *   node scripts/accuracy/change_run.ts LIBRARY ITERATIONS TIME_MS
 */
import process from "node:process";
import { measure } from "../../bench/mod.ts";
import { work } from "./work.ts";

const [, , , iterations, time] = process.argv;
const argument = Number(iterations);
const { slices } = await measure(() => work(argument), { time: Number(time) });
console.log(JSON.stringify(slices));
