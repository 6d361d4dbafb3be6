import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { contributingProblems } from "../../../scripts/check/contributing.ts";

const TEXT = `| test | \`npm test\` |

\`\`\`
mod.ts           the library
cli.ts  cli/     the command
                 in lines of its own
\`\`\`
`;
const ENTRIES = ["mod.ts", "cli.ts", "cli/", "README.md", ".ci/", "docs/", "package.json"];

test("contributingProblems() finds nothing where page and tree agree", () => {
  assertEquals(contributingProblems(TEXT, ENTRIES, ["test"]), []);
});

test("contributingProblems() names rooms and commands that the page does not have, or has alone", () => {
  assertEquals(contributingProblems(TEXT, ["mod.ts", "cli.ts", "core/"], ["test", "run ok"]), [
    "the layout does not tell of core/",
    "the layout tells of cli/, which is not there",
    "no line says what npm run ok is for",
  ]);
});
