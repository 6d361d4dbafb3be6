import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { existsSync } from "node:fs";
import process from "node:process";
import test from "node:test";
import { type Child, start } from "../../../scripts/measure/child.ts";
import { withNative } from "../../../scripts/measure/native.ts";
import { OTHERS } from "../../../scripts/measure/results.ts";
import { skipWithoutGcc } from "../../native.ts";

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
      for (const name of (await native.ask()).split(" ")) {
        let few = Infinity;
        for (let i = 0; i < 9; i++) few = Math.min(few, Number(await native.ask(`${name} 1`)));
        const many = Number(await native.ask(`${name} 100000`));
        // Not a matter of speed: 100,000 calls take longer than one that nothing interrupts.
        assertGreater(many, few, name);
        assertGreater(few, 0, name);
      }
    });
    return program;
  });
  assert(!existsSync(program), `${program} was left behind`);
});

test("native C has every loop that the table holds something against", {
  timeout,
  skip: skipWithoutGcc,
}, async () => {
  const bases = Object.values(OTHERS).flatMap((other) => "base" in other ? [other.base] : []);
  await withNative((program) =>
    using(start(program), async (native) => {
      const names = (await native.ask()).split(" ");
      assertEquals(names.toSorted(), [...new Set<string>(bases)].toSorted());
    })
  );
});

test("native C says what it expected when it is asked for a loop that there is not", {
  timeout,
  skip: skipWithoutGcc,
}, async () => {
  await withNative((program) =>
    using(start(program), async (native) => {
      await native.ask();
      const { message } = await assertRejects(() => native.ask("sundial 1"), Error);
      assertStringIncludes(message, "it ended with 1");
    })
  );
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
