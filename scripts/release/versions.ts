/** What a tag must be to become a release. */

export interface Release {
  /** As pushed: `v1.2.3`. */
  readonly tag: string;
  /** deno.json's; check_manifests.ts holds the other three to it. */
  readonly version: string;
  readonly changelog: string;
}

/** The grammar of semver.org, without build metadata: to npm, 1.2.3+a and 1.2.3+b are the same. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][\da-zA-Z-]*))*)?$/;

/** Why this may not be released, line by line; nothing if it may. */
export function releaseProblems({ tag, version, changelog }: Release): string[] {
  const problems: string[] = [];
  if (!SEMVER.test(version)) problems.push(`deno.json has version ${version}, which is no version`);
  if (tag !== `v${version}`) {
    problems.push(`The tag is ${tag}, but deno.json has version ${version}`);
  }

  const [heading = "", ...lines] = sections(changelog)[0] ?? [];
  const [, named, date] = /^## \[?([^\s\]]+)\]?(?: - (\S+))?\s*$/.exec(heading) ?? [];
  if (named !== version) {
    problems.push(`CHANGELOG.md starts with "${heading}", expected ${version}`);
  } else if (!isDate(date)) {
    problems.push(`CHANGELOG.md dates ${version} "${date ?? ""}", expected the day, as YYYY-MM-DD`);
  }
  if (!lines.some((line) => /^[-*] \S/.test(line))) {
    problems.push(`CHANGELOG.md says nothing of ${version}`);
  }
  return problems;
}

/** Each version's heading and the lines below it. */
function sections(changelog: string): string[][] {
  const parts = changelog.split(/^(?=## )/m).filter((part) => part.startsWith("## "));
  return parts.map((part) => part.trimEnd().split("\n"));
}

/** A day of the calendar: `2026-02-30` is none. */
function isDate(text: string | undefined): boolean {
  if (!text || !/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
