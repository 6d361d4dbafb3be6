// npm test: bun, node26 (node:fs of two kinds; Deno has no more than Node)
import { assert, assertEquals, assertThrows } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { checkWritable, isStandardOutput, writeWhole } from "../../cli/write_file.ts";
import { OWN_MOUNTS } from "../launchers.ts";
import { run, runtime, skipUnless } from "../support.ts";
import { inDirectory } from "./directory.ts";

const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);

test("writeWhole() puts a new file in the place of the old one, with its permissions", () => {
  inDirectory((directory) => {
    const file = join(directory, "file");
    writeFileSync(file, "old");
    chmodSync(file, 0o622);
    const old = openSync(file, "r");
    writeWhole(file, "new", { mode: 0o666 });
    assertEquals([readFileSync(file, "utf8"), mode(file)], ["new", "622"]);
    // Whoever had opened or mapped it still has what was there.
    assertEquals([fstatSync(old).nlink, readFileSync(old, "utf8")], [0, "old"]);
    closeSync(old);
    chmodSync(file, 0o666);
    writeWhole(file, "newer", { never: 0o022 });
    assertEquals([readFileSync(file, "utf8"), mode(file)], ["newer", "644"]);
    assertEquals(readdirSync(directory), ["file"]);
  });
});

test("writeWhole() makes files as the umask has them", () => {
  inDirectory((directory) => {
    const before = process.umask(0o027);
    try {
      writeWhole(join(directory, "a"), "new");
      writeWhole(join(directory, "b"), "new", { mode: 0o644 });
    } finally {
      process.umask(before);
    }
    assertEquals(["a", "b"].map((name) => mode(join(directory, name))), ["640", "640"]);
  });
});

test("writeWhole() leaves the old file, and nothing else, where it fails", () => {
  inDirectory((directory) => {
    const file = join(directory, "file");
    writeFileSync(file, "old");
    const wrong = {} as unknown as string; // the new file is open when it turns out
    assertThrows(() => writeWhole(file, wrong), Error, `Cannot write ${file}: `);
    assertEquals([readdirSync(directory), readFileSync(file, "utf8")], [["file"], "old"]);
  });
});

test("writeWhole() writes what a link leads to, also if that is not there", () => {
  inDirectory((directory) => {
    mkdirSync(join(directory, "deep"));
    symlinkSync("deep/file", join(directory, "link"));
    for (const text of ["first", "second"]) {
      writeWhole(join(directory, "link"), text);
      assertEquals(readFileSync(join(directory, "deep/file"), "utf8"), text);
    }
    assert(lstatSync(join(directory, "link")).isSymbolicLink(), "still a link");
    assertEquals(readdirSync(join(directory, "deep")), ["file"]);
  });
});

test("writeWhole() writes devices and descriptors as they are", () => {
  inDirectory((directory) => {
    const before = statSync("/dev/null").mode;
    writeWhole("/dev/null", "anything", { mode: 0o600 });
    assertEquals(statSync("/dev/null").mode, before);
    const file = join(directory, "file");
    writeFileSync(file, "what is there\n");
    const open = openSync(file, "r+");
    writeWhole(`/dev/fd/${open}`, "and more");
    assertEquals(readFileSync(open, "utf8"), "what is there\nand more"); // the same file
    closeSync(open);
  });
});

test("writeWhole() writes into a pipe that has a name", { timeout: 60_000 }, async () => {
  await inDirectory(async (directory) => {
    const pipe = join(directory, "pipe");
    spawnSync("mkfifo", [pipe]);
    const reader = spawn("cat", [pipe], { stdio: ["ignore", "pipe", "inherit"] });
    let read = "";
    reader.stdout.setEncoding("utf8").on("data", (text: string) => read += text);
    checkWritable(pipe); // it does not wait for the reader, nor let it come to the end
    writeWhole(pipe, "through it");
    await once(reader, "close");
    assertEquals([read, statSync(pipe).isFIFO()], ["through it", true]);
  });
});

const mounting = skipUnless(
  spawnSync(OWN_MOUNTS[0] ?? "", [...OWN_MOUNTS.slice(1), "true"]).status === 0,
  "mounting takes root",
  "REQUIRE_ROOT",
);

test("writeWhole() writes in place what is mounted by itself, as containers have it", {
  skip: mounting,
  timeout: 60_000,
}, () => {
  inDirectory((directory) => {
    const file = join(directory, "mounted");
    const source = join(directory, "source");
    for (const name of [file, source]) writeFileSync(name, "an old text that is longer");
    const script = 'mount --bind "$0" "$1"; shift; exec "$@"';
    const launcher = [...OWN_MOUNTS, "sh", "-ec", script, source, file];
    const write = (...words: string[]) =>
      run("tests/fixtures/write_whole.ts", [file, ...words], { launcher });
    assertEquals(write("new"), { code: 0, signal: null, stdout: "", stderr: "" });
    assertEquals(readFileSync(source, "utf8"), "new");
    // But not what programs may have mapped.
    assertEquals(write("newer", "mapped").code, 1);
    assertEquals(readFileSync(source, "utf8"), "new");
    assertEquals(readdirSync(directory).sort(), ["mounted", "source"]);
  });
});

test("writeWhole() leaves the very file that was there when it cannot be written whole", {
  skip: runtime !== "node" && "the limit would end Deno and Bun for files of their own",
}, () => {
  inDirectory((directory) => {
    const file = join(directory, "file");
    writeFileSync(file, "old");
    const old = openSync(file, "r");
    const launcher = ["bash", "-c", 'ulimit -f 1; exec "$@"', "bash"]; // a KiB
    const words = [file, "x".repeat(5000)];
    assertEquals(run("tests/fixtures/write_whole.ts", words, { launcher }).code, 1);
    assertEquals([readFileSync(file, "utf8"), fstatSync(old).nlink], ["old", 1]);
    assertEquals(readdirSync(directory), ["file"]);
    closeSync(old);
  });
});

test("writeWhole() and checkWritable() say in words what is wrong", () => {
  inDirectory((directory) => {
    const nowhere = join(directory, "no/file");
    const below = join(directory, "file/x");
    writeFileSync(join(directory, "file"), "");
    const circle = join(directory, "circle");
    symlinkSync(circle, circle);
    for (const check of [checkWritable, (file: string) => writeWhole(file, "new")]) {
      assertThrows(() => check(directory), Error, `Cannot write ${directory}: it is a directory`);
      assertThrows(() => check(nowhere), Error, `${nowhere}: there is no such directory`);
      assertThrows(() => check(below), Error, `${below}: its path leads through a file that`);
      assertThrows(() => check(circle), Error, `${circle}: its symbolic links lead in a circle`);
    }
    assertThrows(() => writeWhole("/dev/full", "new"), Error, "no space is left on the device");
  });
});

test("checkWritable() leaves everything as it is", () => {
  inDirectory((directory) => {
    const file = join(directory, "file");
    checkWritable(file);
    assertEquals(readdirSync(directory), []);
    writeFileSync(file, "old");
    checkWritable(file);
    assertEquals([readdirSync(directory), readFileSync(file, "utf8")], [["file"], "old"]);
    for (const special of ["-", "/dev/full", "/dev/stdout"]) checkWritable(special);
  });
});

test("isStandardOutput() knows it by all its names", () => {
  inDirectory((directory) => {
    const link = join(directory, "link");
    symlinkSync("/dev/stdout", link);
    for (
      const file of ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/dev/../dev/fd/1", link]
    ) {
      assertEquals([file, isStandardOutput(file)], [file, true]);
    }
    for (const file of ["./-", "stdout", "/dev/stderr", "/dev/fd/11", directory]) {
      assertEquals([file, isStandardOutput(file)], [file, false]);
    }
  });
});
