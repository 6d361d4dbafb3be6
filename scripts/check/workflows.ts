/**
 * Checks .github as far as it can be without GitHub: workflows by GitHub's own language service
 * (schema, expressions, contexts, which job needs which) and by our rules, the rest by its shape.
 *
 *   node scripts/check/workflows.ts [--release]
 *
 * A release may have no action whose commit nobody has filled in.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parse } from "yaml";
import { formProblems } from "./issue_form.ts";
import { PLACEHOLDER, workflowProblems } from "./workflow_file.ts";
import { ROOT } from "../runtimes.ts";

// The language service is made for bundlers: it imports JSON without saying so.
registerHooks({
  load(url, context, nextLoad) {
    const importAttributes = { type: "json" };
    return nextLoad(url, url.endsWith(".json") ? { ...context, importAttributes } : context);
  },
});
const { validate } = await import("@actions/languageservice");

const { values: { release } } = parseArgs({ options: { release: { type: "boolean" } } });
const GITHUB = join(ROOT, ".github");
const exists = (file: string) => existsSync(join(ROOT, file));

/** By GitHub's rules: warnings too, such as that of a context that holds no such value. */
async function languageProblems(file: string, text: string): Promise<string[]> {
  const uri = `file:///.github/${file}`;
  const diagnostics = await validate(TextDocument.create(uri, "github-actions-workflow", 0, text));
  return diagnostics.map(({ range, message }) => `line ${range.start.line + 1}: ${message}`);
}

const files = globSync("**/*.{yml,yaml}", { cwd: GITHUB }).sort();
const problems: string[] = [];
let placeholders = 0;
for (const file of files) {
  const text = readFileSync(join(GITHUB, file), "utf8");
  const found = file.startsWith("workflows/")
    ? [...await languageProblems(file, text), ...workflowProblems(text, { release, exists })]
    : formProblems(file, parse(text));
  for (const problem of found) problems.push(`.github/${file}: ${problem}`);
  placeholders += text.split(`@${PLACEHOLDER}`).length - 1;
}
if (files.length === 0) problems.push(".github: holds no YAML");

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
const open = placeholders > 0 ? `; ${placeholders} commits of actions are yet to be filled in` : "";
console.log(`${files.length} files below .github are as GitHub wants them${open}`);
