// npm test: node26 (data in, data out)
import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { type ChildMessage, childUrl } from "../../../cli/bench/child.ts";
import { MessageReader } from "../../../cli/bench/messages.ts";
import { RUNTIMES } from "../../../scripts/runtimes.ts";

const TOKEN = "81f8";
const END: ChildMessage = { kind: "end", declared: 2 };

/** What a reader makes of it, given in pieces of so many characters. */
function read(
  text: string,
  size: number,
): { messages: ChildMessage[]; lines: string[]; broken: string[] } {
  const messages: ChildMessage[] = [];
  const lines: string[] = [];
  const broken: string[] = [];
  const reader = new MessageReader(TOKEN, {
    onMessage: (message) => messages.push(message),
    onLine: (line) => lines.push(line),
    onBroken: (text) => broken.push(text),
  });
  for (let at = 0; at < text.length; at += size) reader.take(text.slice(at, at + size));
  reader.end();
  return { messages, lines, broken };
}

test("MessageReader keeps the beginning of a line that is long, however it comes in", () => {
  const text = `${"x".repeat(30_000)}\nshort\n${TOKEN}.${"y".repeat(20_000)}\n`;
  for (const size of [999, text.length]) {
    const { messages, lines, broken: [message = ""] } = read(text, size);
    assertEquals([messages, lines], [[], [`${"x".repeat(10_000)}...`, "short"]]);
    assertEquals(message.length, 10_000 - TOKEN.length - 1 + 3);
  }
});

test("MessageReader tells messages from other lines, however they come in", () => {
  const [first, second] = [JSON.stringify(END).slice(0, 9), JSON.stringify(END).slice(9)];
  const text = [
    "noise",
    "no line's end",
    `${TOKEN}+${first}`,
    "noise in between",
    `${TOKEN}.${second}`,
    `not at the start: ${TOKEN}.{}`,
    "",
    `${TOKEN}.${JSON.stringify(END)}`,
    "rest",
  ].join("\n");
  for (const size of [1, 7, text.length]) {
    assertEquals(read(text, size), {
      messages: [END, END],
      lines: [
        "noise",
        "no line's end",
        "noise in between",
        `not at the start: ${TOKEN}.{}`,
        "rest",
      ],
      broken: [],
    });
  }
});

test("MessageReader leaves out a message that was cut off", () => {
  assertEquals(read(`${TOKEN}+{"kind":`, 100), { messages: [], lines: [], broken: [] });
});

test("MessageReader goes on after what looks like a message, and is none", () => {
  const none = ["not json", "", "5", '{"kind":"sundial"}', '{"kind":"end"}', '{"kind":"result"}'];
  for (const text of none) {
    const { messages, lines, broken } = read(
      `${TOKEN}.${text}\n${TOKEN}.${JSON.stringify(END)}\n`,
      1000,
    );
    assertEquals([messages, lines, broken], [[END], [], [text]]);
  }
  // In the middle of a message it takes that with it.
  const [first, second] = [JSON.stringify(END).slice(0, 9), JSON.stringify(END).slice(9)];
  const pieces = [`${TOKEN}+${first}`, `${TOKEN}.noise`, `${TOKEN}.${second}`];
  const { messages, broken } = read([...pieces, `${TOKEN}.${JSON.stringify(END)}`].join("\n"), 7);
  assertEquals([messages, broken], [[END], [`${first}noise`, second]]);
});

test("MessageReader takes lines for output that only begin with its token", () => {
  const lines = [TOKEN, `${TOKEN} and more`, `${TOKEN}-.{}`];
  assertEquals(read(lines.join("\n"), 1000), { messages: [], lines, broken: [] });
});

test(
  "childUrl() carries any text through a process's output, in pieces",
  { timeout: 60_000 },
  () => {
    const directory = mkdtempSync(join(tmpdir(), "child-"));
    const names = ["ascii", 'quotes " and \\', "µ 漢 😀 \u2028", "x".repeat(10_000)];
    const file = join(directory, "names.mjs");
    // Any file may speak to the runner as bench/runner.ts does.
    writeFileSync(
      file,
      `const runner = globalThis[Symbol.for("@x/vdso/bench runner")];
const run = async (own = {}) => { runner.options(own); };
for (const name of ${JSON.stringify(names)}) runner.declared(name, run);
`,
    );
    try {
      const url = childUrl({
        url: pathToFileURL(file).href,
        token: TOKEN,
        time: null,
        filter: null,
      });
      for (const { name, bin } of RUNTIMES) {
        const words = name === "deno"
          ? ["run", "--no-prompt", "--preload", url, file]
          : name === "bun"
          ? ["--preload", url, file]
          : ["--import", url, file];
        const { stdout, stderr, status } = spawnSync(bin.replace(/\/([^/]+)$/, "/./$1"), words, {
          encoding: "utf8",
        });
        assertEquals([name, stderr, status], [name, "", 0]);
        assertEquals(read(stdout, 1000), {
          messages: [{ kind: "run", names }, { kind: "end", declared: names.length }],
          lines: [],
          broken: [],
        });
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
);
