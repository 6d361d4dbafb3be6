// npm test: node26 (data in, data out)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { denoFlags } from "../../../cli/bench/process.ts";

test("denoFlags() adds nothing that Deno would refuse beside what it is given", () => {
  assertEquals(denoFlags([]), ["--no-prompt", "--allow-ffi"]);
  assertEquals(denoFlags(["--allow-net"]), ["--no-prompt", "--allow-ffi", "--allow-net"]);
  for (const all of ["-A", "--allow-all"]) assertEquals(denoFlags([all]), ["--no-prompt", all]);
  assertEquals(denoFlags(["--no-prompt"]), ["--allow-ffi", "--no-prompt"]);
  assertEquals(denoFlags(["-R=A.txt"]), ["--no-prompt", "--allow-ffi", "-R=A.txt"]);
});
