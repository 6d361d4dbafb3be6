// npm test: node26 (data in, data out)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseCpuList } from "../../../cli/jitter/cpu_list.ts";

test("parseCpuList() takes numbers and ranges, in any order, each once", () => {
  assertEquals(parseCpuList("0"), [0]);
  assertEquals(parseCpuList("7,2-4,3,0"), [0, 2, 3, 4, 7]);
  assertEquals(parseCpuList("8191"), [8191]);
});

test("parseCpuList() takes nothing else", () => {
  for (
    const text of ["", ",", "1,", "-1", "1-", "3-2", "a", "0x1", "1.5", " 1", "8192", "0-99999"]
  ) {
    assertEquals(parseCpuList(text), undefined, text);
  }
});
