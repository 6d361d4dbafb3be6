/**
 * How long does a command take? Runs it some times and prints the least and the median: the spread
 * between them is the machine's noise.
 *
 *   node examples/node_tool.cjs 20 git status
 *   bun examples/node_tool.cjs 20 git status
 *
 * CommonJS: require() takes the ECMAScript module as it is, since it has no top-level await. That is
 * Node 22.12 or later.
 */
"use strict";
const { spawnSync } = require("node:child_process");
const { now } = require("@x/vdso");

const [rounds, command, ...args] = process.argv.slice(2);
if (!(Number(rounds) > 0) || command === undefined) {
  console.error("usage: node_tool.cjs ROUNDS COMMAND [ARGS...]");
  process.exit(2);
}

const durations = [];
for (let i = 0; i < Number(rounds); i++) {
  const start = now();
  const { status, error } = spawnSync(command, args, { stdio: "ignore" });
  durations.push(now() - start);
  if (status !== 0) {
    console.error(`${command}: ${error?.message ?? `exit status ${status}`}`);
    process.exit(1);
  }
}
durations.sort((a, b) => a - b);

const ms = (ns) => `${(ns / 1e6).toFixed(3)} ms`;
console.log(`least ${ms(durations[0])}, median ${ms(durations[durations.length >> 1])}`);
