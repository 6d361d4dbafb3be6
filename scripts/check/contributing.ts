/** Holds CONTRIBUTING.md to what is there: the rooms of the house, and the commands of package.json. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../runtimes.ts";

/** At the root, no room: what every project has, and configuration. */
const NO_ROOMS = /^(\..*|[A-Z].*|.*\.(json|lock)|docs\/|examples\/)$/;

/** What CONTRIBUTING.md does not say as it is. */
export function contributingProblems(
  text: string,
  rootEntries: readonly string[],
  commands: readonly string[],
): string[] {
  const [, layout = ""] = /^```\n([^]*?)^```$/m.exec(text) ?? [];
  // A line that is not indented begins with one name or several: `cli.ts  cli/   what it is`.
  const told = layout.split("\n").flatMap((line) =>
    /^(\S+(?:,? {1,2}\S+)*?) {3,}/.exec(line)?.[1]?.split(/,? +/) ?? []
  );
  const rooms = rootEntries.filter((entry) => !NO_ROOMS.test(entry));
  const name = (entry: string) => entry.replace(/\/$/, "");
  return [
    ...rooms.filter((room) => !told.map(name).includes(name(room)))
      .map((room) => `the layout does not tell of ${room}`),
    ...told.filter((entry) => !entry.includes("/", 1) || entry.endsWith("/"))
      .filter((entry) => !rootEntries.map(name).includes(name(entry)))
      .map((entry) => `the layout tells of ${entry}, which is not there`),
    ...commands.filter((command) => !text.includes(`\`npm ${command}`))
      .map((command) => `no line says what npm ${command} is for`),
  ];
}

if (import.meta.main) {
  const files = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" }).trim().split(
    "\n",
  );
  const entries = [...new Set(files.map((file) => file.replace(/\/.*/, "/")))];
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const commands = Object.keys(scripts).map((name) =>
    name === "start" || name === "test" ? name : `run ${name}`
  );
  const text = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const problems = contributingProblems(text, entries, commands);
  if (problems.length > 0) {
    console.error(problems.map((problem) => `CONTRIBUTING.md: ${problem}`).join("\n"));
    process.exit(1);
  }
  console.log(`CONTRIBUTING.md tells of ${entries.length} entries and ${commands.length} commands`);
}
