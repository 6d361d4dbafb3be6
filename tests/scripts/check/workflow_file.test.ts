import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { formProblems } from "../../../scripts/check/issue_form.ts";
import { PLACEHOLDER, workflowProblems } from "../../../scripts/check/workflow_file.ts";
import { RUNTIMES } from "../../../scripts/runtimes.ts";
import { ROOT } from "../../support.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const WORKFLOW = `on: { push: }
permissions: { contents: read }
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@${COMMIT} # v7.0.1
      - run: node scripts/setup.mjs
  called:
    uses: ./.github/workflows/ci.yml
`;

/** What is said of the workflow once `old` is replaced. */
function changed(
  old: string,
  by: string,
  options?: Parameters<typeof workflowProblems>[1],
): string {
  assert(WORKFLOW.includes(old), old);
  return workflowProblems(WORKFLOW.replace(old, by), options).join("\n");
}

test("workflowProblems() is content with pinned actions, permissions and timeouts", () => {
  assertEquals(workflowProblems(WORKFLOW), []);
  assertEquals(workflowProblems(WORKFLOW, { release: true }), []);
});

test("workflowProblems() wants actions pinned by commit, with their tag", () => {
  for (const pin of ["v7", "main", COMMIT.slice(1), `${COMMIT}0`, COMMIT.toUpperCase()]) {
    assertMatch(changed(COMMIT, pin), /^line 8: actions\/checkout@.*: expected OWNER\/ACTION@COMM/);
  }
  for (const comment of ["", " # latest", " # 7.0.1"]) {
    assertMatch(changed(" # v7.0.1", comment), /^line 8: .*: expected its tag behind it/);
  }
  assertMatch(changed(`actions/checkout@${COMMIT}`, "docker://alpine:3"), /^line 8: docker:/);
});

test("workflowProblems() takes a placeholder for a commit, but not in a release", () => {
  assertEquals(changed(COMMIT, PLACEHOLDER), "");
  assertEquals(
    changed(COMMIT, PLACEHOLDER, { release: true }),
    `line 8: actions/checkout@${PLACEHOLDER}: nobody has filled in the commit`,
  );
});

test("workflowProblems() wants permissions and timeouts, and no pull_request_target", () => {
  assertMatch(changed("permissions: { contents: read }\n", ""), /^permissions: expected a map/);
  assertMatch(changed("{ contents: read }", "write-all"), /^permissions: expected .* "write-all"$/);
  assertMatch(changed("    timeout-minutes: 10\n", ""), /^job test: has no timeout-minutes/);
  assertMatch(changed("push:", "pull_request_target:"), /^on: pull_request_target is not safe/);
});

test("workflowProblems() finds expressions in scripts, and scripts that do not exist", () => {
  const run = "run: node scripts/setup.mjs";
  assertMatch(changed(run, "run: echo ${{ github.head_ref }}"), /^line 9: run: pass expressions/);
  const exists = (file: string) => file === "scripts/setup.mjs";
  assertEquals(changed(run, run, { exists }), "");
  assertEquals(
    changed(run, "run: |\n          cd .\n          scripts/gone.ts && .ci/gone", { exists }),
    "line 9: run: scripts/gone.ts does not exist\nline 9: run: .ci/gone does not exist",
  );
});

test("workflowProblems() says what is no YAML", () => {
  assertEquals(workflowProblems(`${WORKFLOW}  broken: [`).length > 0, true);
});

const FORM = `name: Bug
description: Something.
body:
  - type: markdown
    attributes: { value: Hello }
  - type: textarea
    id: what
    attributes: { label: What, render: JSON }
    validations: { required: true }
  - type: dropdown
    id: where
    attributes: { label: Where, options: [here, there], multiple: true }
`;

test("formProblems() is content with a form as GitHub documents it", () => {
  assertEquals(formProblems("ISSUE_TEMPLATE/bug.yml", parse(FORM)), []);
});

test("formProblems() finds each mistake in a form", () => {
  const mistakes: [old: string, by: string, problem: string][] = [
    ["name: Bug\n", "", "name: is missing"],
    ["description:", "about:", "about: is no key there"],
    ["type: textarea", "type: area", "body[1].type: expected markdown or input or"],
    ["{ value: Hello }", "{}", "body[0].attributes.value: is missing"],
    ["    id: what\n", "", "body[1].id: is missing"],
    ["id: where", "id: what", "body: has what twice"],
    ["label: Where", "label: What", "body: has What twice"],
    ["label: What,", 'label: "",', 'body[1].attributes.label: expected text, got ""'],
    ["render: JSON", "render: json", "body[1].attributes.render: expected JSON or"],
    ["required: true", "required: yes please", "body[1].validations.required: expected true or"],
    ["options: [here, there]", "options: []", "body[2].attributes.options: expected a list"],
    ["multiple: true", "multi: true", "body[2].attributes.multi: is no key there"],
  ];
  for (const [old, by, problem] of mistakes) {
    assert(FORM.includes(old), old);
    const found = formProblems("ISSUE_TEMPLATE/bug.yml", parse(FORM.replace(old, by)));
    assertStringIncludes(found.join("\n"), problem);
  }
  assertEquals(
    formProblems("ISSUE_TEMPLATE/bug.yml", parse(FORM.replace(/ {2}- type: t[^]*/, ""))),
    [
      "body: asks nothing",
    ],
  );
});

test("formProblems() knows the issue chooser and Dependabot by their file names", () => {
  const config = { blank_issues_enabled: false, contact_links: [{ name: "a", url: "http://b" }] };
  assertEquals(formProblems("ISSUE_TEMPLATE/config.yml", config), [
    'contact_links[0].url: expected an address, got "http://b"',
    "contact_links[0].about: is missing",
  ]);
  const update = { "package-ecosystem": "npm", directory: "/", schedule: { interval: "weekly" } };
  assertEquals(formProblems("dependabot.yml", { version: 2, updates: [update] }), []);
  assertEquals(
    formProblems("dependabot.yml", { version: 1, updates: [{ ...update, group: {} }] }),
    [
      "version: expected 2, got 1",
      "updates[0].group: is no key there",
    ],
  );
});

/** Of a file below .github, what is replaced by what. */
type Change = readonly [file: string, old: string, by: string];

/** Runs the whole check on a copy of .github with these changes. */
function checkWorkflows(changes: readonly Change[]) {
  const copy = mkdtempSync(join(tmpdir(), "workflows-"));
  try {
    for (const path of [".ci", ".github", "package.json", "scripts"]) {
      cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    for (const [file, old, by] of changes) {
      const path = join(copy, ".github", file);
      const text = readFileSync(path, "utf8");
      assert(text.includes(old), `${file}: ${old}`);
      writeFileSync(path, text.replace(old, by));
    }
    const node = RUNTIMES.find(({ name }) => name === "node26")?.bin ?? "";
    const words = [join(copy, "scripts/check/workflows.ts")];
    const { status, stdout, stderr, error } = spawnSync(node, words, { encoding: "utf8" });
    if (error) throw error;
    return { status, stdout, stderr };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

const TIMEOUT = { timeout: 60_000 };

test("workflows.ts passes what is in .github", TIMEOUT, () => {
  const { status, stdout, stderr } = checkWorkflows([]);
  assertEquals([stderr, status], ["", 0]);
  assertMatch(stdout, /^\d+ files below \.github are as GitHub wants them/);
});

test("check_workflows.ts finds what GitHub would refuse", TIMEOUT, () => {
  const { status, stderr } = checkWorkflows([
    ["workflows/ci.yml", "timeout-minutes", "timeout"],
    ["workflows/ci.yml", "github.ref }}", "github.reff }}"],
    ["workflows/release.yml", "needs: check", "needs: chek"],
    ["workflows/release.yml", "id-token: write", "id-token: reed"],
    ["dependabot.yml", "interval: weekly", "interval: sometimes"],
  ]);
  assertEquals(status, 1);
  const problems = stderr.split("\n").map((line) => line.replace(/line \d+: /, ""));
  for (
    const problem of [
      ".github/workflows/ci.yml: Unexpected value 'timeout'",
      ".github/workflows/ci.yml: Context access might be invalid: reff",
      ".github/workflows/release.yml: Value 'chek' is not valid",
      ".github/workflows/release.yml: Unexpected value 'reed'",
      ".github/dependabot.yml: updates[0].schedule.interval: expected daily or weekly or monthly, " +
      'got "sometimes"',
    ]
  ) assert(problems.includes(problem), `${problem}\n\nis not among\n\n${stderr}`);
});
