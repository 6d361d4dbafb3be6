// @ts-self-types="./mod.d.ts"
/**
 * Stands in for `jsr:@std/assert` where JSR is out of reach: the same functions, from npm.
 * Delete `links` in the root's deno.json and Deno takes the real one.
 *
 * @module
 */
export * from "deno-std/assert/mod.js";
