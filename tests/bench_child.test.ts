import { assert, assertGreater, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { type Child, start } from "../scripts/bench/child.ts";
import { withNative } from "../scripts/bench/native.ts";
import { skipWithoutGcc } from "./native.ts";

const timeout = 20_000;

/** Ends the child whatever `use` does. */
async function using<T>(child: Child, use: (child: Child) => Promise<T>): Promise<T> {
  try {
    return await use(child);
  } finally {
    await child.close();
  }
}

test("withNative() compiles C that takes turns when it is asked twice", {
  timeout,
  skip: skipWithoutGcc,
}, async () => {
  const program = await withNative(async (program) => {
    await using(start(program), async (native) => {
      const few = Number(await native.ask("1"));
      const many = Number(await native.ask("1000000"));
      assertGreater(many, few);
      assertGreater(few, 0);
    });
    return program;
  });
  assert(!existsSync(program), `${program} was left behind`);
});

test("ask() says how the program ended when it gives no answer", { timeout }, async () => {
  await using(start("/bin/sh", ["-c", "exit 7"]), async (child) => {
    const { message } = await assertRejects(() => child.ask("1"), Error);
    assertStringIncludes(message, "it ended with 7");
  });
});

test("ask() says why when there is no such program", { timeout }, async () => {
  await using(start(`${process.execPath}-missing`), async (child) => {
    const { message } = await assertRejects(() => child.ask("1"), Error);
    assertStringIncludes(message, "-missing");
  });
});
