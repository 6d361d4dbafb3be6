/** What we ask of a workflow, beyond that GitHub understands it. */
import { isMap, isScalar, type Node, parseDocument, visit } from "yaml";

/** Stands for a commit that nobody has looked up yet: .github/workflows/ci.yml says how. */
export const PLACEHOLDER = "0".repeat(40);

interface Job {
  readonly uses?: string;
  readonly "timeout-minutes"?: number;
}

interface Workflow {
  readonly on?: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly jobs?: Readonly<Record<string, Job>>;
}

/** Line by line; nothing if all is well. A release may hold no placeholders. */
export function workflowProblems(
  text: string,
  { release = false, exists = (_file: string): boolean => true } = {},
): string[] {
  const document = parseDocument(text);
  if (document.errors.length > 0) return document.errors.map(({ message }) => message);
  const problems: string[] = [];
  const lineOf = (node: Node) => text.slice(0, node.range?.[0]).split("\n").length;

  visit(document, {
    Pair(_key, { key, value }) {
      if (!isScalar(key) || !isScalar(value) || typeof value.value !== "string") return;
      const at = `line ${lineOf(value)}: `;
      if (key.value === "uses") {
        const problem = pinProblem(value.value, value.comment ?? "", release);
        if (problem) problems.push(at + problem);
      } else if (key.value === "run") {
        for (const problem of scriptProblems(value.value, exists)) problems.push(at + problem);
      }
    },
  });

  const { on, permissions, jobs } = document.toJS() as Workflow;
  // Runs with the repository's rights on what a stranger wrote.
  if (on && "pull_request_target" in on) problems.push("on: pull_request_target is not safe");
  if (!isMap(document.get("permissions", true))) {
    problems.push(`permissions: expected a map at the top, got ${JSON.stringify(permissions)}`);
  }
  for (const [name, job] of Object.entries(jobs ?? {})) {
    // A called workflow has its own.
    if (job.uses === undefined && job["timeout-minutes"] === undefined) {
      problems.push(`job ${name}: has no timeout-minutes, and GitHub's is six hours`);
    }
  }
  return problems;
}

/** An action is pinned by its commit; the comment names the tag, for people and for Dependabot. */
function pinProblem(uses: string, comment: string, release: boolean): string | undefined {
  if (uses.startsWith("./")) return undefined;
  const commit = /^[\w.-]+\/[\w./-]+@([\da-f]{40})$/.exec(uses)?.[1];
  if (commit === undefined) return `${uses}: expected OWNER/ACTION@COMMIT, in 40 hex digits`;
  if (!/^ v\d+(\.\d+)*$/.test(comment)) return `${uses}: expected its tag behind it, as "# v1.2.3"`;
  if (release && commit === PLACEHOLDER) return `${uses}: nobody has filled in the commit`;
  return undefined;
}

/** A script may hold no expression, whose value the shell would run, and only files that exist. */
function* scriptProblems(script: string, exists: (file: string) => boolean): Generator<string> {
  if (script.includes("${{")) yield "run: pass expressions through env, not into the script";
  for (const [file] of script.matchAll(/(?<=^|\s)(?:scripts|\.ci)\/[\w./-]+/gm)) {
    if (!exists(file)) yield `run: ${file} does not exist`;
  }
}
