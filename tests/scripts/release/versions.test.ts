import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { releaseProblems } from "../../../scripts/release/versions.ts";
import { PLACEHOLDER } from "../../../scripts/check/workflow_file.ts";
import { RUNTIMES } from "../../../scripts/runtimes.ts";
import { full, ROOT } from "../../support.ts";

const CHANGELOG = `# Changelog

## 1.2.3 - 2026-02-28

- Something.

## 1.2.2 - 2026-01-01

- Something else.
`;
const GOOD = { tag: "v1.2.3", version: "1.2.3", changelog: CHANGELOG };

/** What is said of a release that differs from a good one in this. */
function problems(change: Partial<typeof GOOD>): string {
  return releaseProblems({ ...GOOD, ...change }).join("\n");
}

test("releaseProblems() is content when tag, version and changelog agree", () => {
  assertEquals(problems({}), "");
  assertEquals(problems({ changelog: CHANGELOG.replace("## 1.2.3", "## [1.2.3]") }), "");
  const version = "2.0.0-rc.1";
  const changelog = CHANGELOG.replace("1.2.3", version);
  assertEquals(releaseProblems({ tag: `v${version}`, version, changelog }), []);
});

test("releaseProblems() refuses any tag but v and the version", () => {
  for (const tag of ["1.2.3", "v1.2.4", "v1.2.30", "v1.2.3-rc.1", "V1.2.3", " v1.2.3", ""]) {
    assertEquals(problems({ tag }), `The tag is ${tag}, but deno.json has version 1.2.3`);
  }
});

test("releaseProblems() refuses what is no semantic version", () => {
  for (const version of ["1.2", "01.2.3", "1.2.3.4", "1.2.3-01", "1.2.3+build", "latest"]) {
    const changelog = CHANGELOG.replace("1.2.3", version);
    assertEquals(releaseProblems({ tag: `v${version}`, version, changelog }), [
      `deno.json has version ${version}, which is no version`,
    ]);
  }
});

test("releaseProblems() refuses a changelog whose newest version is another", () => {
  const older = CHANGELOG.slice(CHANGELOG.indexOf("## 1.2.2"));
  assertMatch(problems({ changelog: older }), /starts with "## 1\.2\.2 - 2026-01-01"/);
  assertMatch(problems({ changelog: "# Changelog\n" }), /starts with ""/);
  const unreleased = CHANGELOG.replace("## 1.2.3", "## Unreleased\n\n- More.\n\n## 1.2.3");
  assertMatch(problems({ changelog: unreleased }), /starts with "## Unreleased"/);
});

test("releaseProblems() refuses a changelog without the day of the release", () => {
  for (const date of [" - unreleased", " - 2026-02-30", " - 28.02.2026", ""]) {
    const changelog = CHANGELOG.replace(" - 2026-02-28", date);
    assertMatch(problems({ changelog }), /^CHANGELOG\.md dates 1\.2\.3 "[^"]*", expected the day/);
  }
});

test("releaseProblems() refuses a changelog that says nothing of the version", () => {
  const changelog = CHANGELOG.replace("- Something.\n", "");
  assertEquals(problems({ changelog }), "CHANGELOG.md says nothing of 1.2.3");
});

/** Edits a file of the copy. */
type Edit = (file: string, change: (text: string) => string) => void;

/** Always the same, so that Node strips the types of the scripts once. */
const copy = mkdtempSync(join(tmpdir(), "release-"));
symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
after(() => rmSync(copy, { recursive: true }));

/** Runs the whole check, as the release workflow does, on a copy of what it reads. */
function checkRelease(tag: string | undefined, prepare: (edit: Edit) => void) {
  const read = [
    ".ci",
    ".github",
    "CHANGELOG.md",
    "cli/version.ts",
    "deno.json",
    "package.json",
    "scripts",
  ];
  for (const path of read) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  prepare((file, change) => {
    const text = readFileSync(join(copy, file), "utf8");
    writeFileSync(join(copy, file), change(text));
  });
  const node = RUNTIMES.find(({ name }) => name === "node26")?.bin ?? "";
  const words = [join(copy, "scripts/release/check.ts"), ...(tag === undefined ? [] : [tag])];
  const { status, stdout, stderr, error } = spawnSync(node, words, { encoding: "utf8" });
  if (error) throw error;
  return { status, stdout, stderr };
}

const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")) as {
  version: string;
};

/** Makes this checkout one that could be released. */
function release(edit: Edit): void {
  edit(
    "CHANGELOG.md",
    (text) => text.replace(/^## .*$/m, `## ${VERSION} - 2026-02-28`),
  );
  for (const file of readdirSync(join(ROOT, ".github/workflows"))) {
    edit(`.github/workflows/${file}`, (text) => text.replaceAll(PLACEHOLDER, "f".repeat(40)));
  }
}

const TIMEOUT = { timeout: 60_000 };

test("release/check.ts passes a tag that all files agree with", TIMEOUT, () => {
  const { status, stdout, stderr } = checkRelease(`v${VERSION}`, release);
  assertEquals([stderr, status], ["", 0]);
  assertStringIncludes(stdout, `v${VERSION} can be released\n`);
});

/** What is wrong in a checkout that could be released but for that. */
const FAULTS: Readonly<Record<"versions" | "commit", (edit: Edit) => void>> = {
  versions: (edit) => {
    for (const file of ["package.json", "cli/version.ts", "CHANGELOG.md"]) {
      edit(file, (text) => text.replace(VERSION, "9.9.9"));
    }
  },
  commit: (edit) =>
    edit(".github/workflows/ci.yml", (text) => text.replaceAll("f".repeat(40), PLACEHOLDER)),
};

/** The quick tier has all faults in one run, which takes seconds. */
let ofAll: ReturnType<typeof checkRelease> | undefined;
function refusal(fault: keyof typeof FAULTS): ReturnType<typeof checkRelease> {
  const check = (faults: readonly ((edit: Edit) => void)[]) =>
    checkRelease(`v${VERSION}`, (edit) => [release, ...faults].forEach((make) => make(edit)));
  return full ? check([FAULTS[fault]]) : ofAll ??= check(Object.values(FAULTS));
}

test("release/check.ts refuses a tag that files disagree with", TIMEOUT, () => {
  const { status, stderr } = refusal("versions");
  assertEquals(status, 1);
  for (const where of ["package.json", "cli/version.ts", "CHANGELOG.md"]) {
    assertMatch(stderr, new RegExp(`version in ${where}: .*"9\\.9\\.9"`));
  }
  assertStringIncludes(stderr, `v${VERSION} cannot be released\n`);
});

test("release/check.ts refuses an action whose commit is not filled in", TIMEOUT, () => {
  const { status, stderr } = refusal("commit");
  assertEquals(status, 1);
  assertStringIncludes(stderr, `actions/checkout@${PLACEHOLDER}: nobody has filled in the commit`);
});

test("release/check.ts prints usage when there is no tag", TIMEOUT, () => {
  const { status, stderr } = checkRelease(undefined, release);
  assertEquals([status, stderr], [2, "Usage: release/check.ts TAG\n"]);
});
