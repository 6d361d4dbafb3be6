/**
 * The shapes of what GitHub reads beside workflows. It tells of a mistake in them only by showing
 * nothing, and no package that we know of has their schemas: so these are ours, and stricter.
 *
 * https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms
 * https://docs.github.com/en/code-security/reference/supply-chain-security/dependabot-options-reference
 */

/** Keys by name, those that may be missing with a question mark. */
type Shape = Readonly<Record<string, Check>>;
type Check = (value: unknown, where: string) => Iterable<string>;

const is = (test: (value: unknown) => boolean, expected: string): Check =>
  function* (value, where) {
    if (!test(value)) yield `${where}: expected ${expected}, got ${JSON.stringify(value)}`;
  };

const text = is((value) => typeof value === "string" && value.trim() !== "", "text");
const flag = is((value) => typeof value === "boolean", "true or false");
const count = is((value) => Number.isSafeInteger(value) && Number(value) > 0, "a count");
const url = is((value) => typeof value === "string" && /^https:\/\/\S+$/.test(value), "an address");
const oneOf = (...words: unknown[]) => is((value) => words.includes(value), words.join(" or "));

function list(check: Check): Check {
  return function* (value, where) {
    if (!Array.isArray(value) || value.length === 0) yield `${where}: expected a list`;
    else for (const [i, item] of value.entries()) yield* check(item, `${where}[${i}]`);
  };
}

function map(check: Check): Check {
  return function* (value, where) {
    if (!isRecord(value)) return yield `${where}: expected a map`;
    for (const [key, item] of Object.entries(value)) yield* check(item, `${where}.${key}`);
  };
}

function object(shape: Shape): Check {
  const known = Object.keys(shape).map((key) => key.replace("?", ""));
  return function* (value, where) {
    if (!isRecord(value)) return yield `${where}: expected a map`;
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) yield `${where}.${key}: is no key there`;
    }
    for (const [name, check] of Object.entries(shape)) {
      const key = name.replace("?", "");
      if (key in value) yield* check(value[key], `${where}.${key}`);
      else if (key === name) yield `${where}.${key}: is missing`;
    }
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const question = { label: text, "description?": text };
const field = { ...question, "placeholder?": text, "value?": text };
const ELEMENTS: Readonly<Record<string, Shape>> = {
  markdown: { value: text },
  input: field,
  textarea: { ...field, "render?": oneOf("JSON", "TypeScript", "Shell") },
  dropdown: { ...question, options: list(text), "multiple?": flag, "default?": count },
  checkboxes: { ...question, options: list(object({ label: text, "required?": flag })) },
};

const element: Check = function* (value, where) {
  const type = isRecord(value) ? String(value["type"]) : "";
  const attributes = ELEMENTS[type];
  if (!attributes) return yield `${where}.type: expected ${Object.keys(ELEMENTS).join(" or ")}`;
  yield* object({
    type: text,
    attributes: object(attributes),
    // Without one, an answer has no name in links that fill the form in.
    ...(type !== "markdown" && { id: text, "validations?": object({ "required?": flag }) }),
  })(value, where);
};

const body: Check = function* (value, where) {
  yield* list(element)(value, where);
  if (!Array.isArray(value)) return;
  const questions = value.filter((item) => isRecord(item) && item["type"] !== "markdown");
  if (questions.length === 0) yield `${where}: asks nothing`;
  for (const ids of [questions.map(({ id }) => id), questions.map((q) => q.attributes?.label)]) {
    const twice = ids.find((id, i) => id !== undefined && ids.indexOf(id) !== i);
    if (twice !== undefined) yield `${where}: has ${twice} twice`;
  }
};

const ISSUE_FORM = object({
  name: text,
  description: text,
  "title?": text,
  "labels?": list(text),
  "assignees?": list(text),
  body,
});

const ISSUE_CONFIG = object({
  blank_issues_enabled: flag,
  "contact_links?": list(object({ name: text, url, about: text })),
});

const DEPENDABOT = object({
  version: oneOf(2),
  updates: list(object({
    "package-ecosystem": oneOf("npm", "github-actions"),
    directory: text,
    schedule: object({ interval: oneOf("daily", "weekly", "monthly") }),
    "cooldown?": object({ "default-days": count }),
    "groups?": map(object({ patterns: list(text) })),
  })),
});

/** By the file's name below .github: what is wrong with its content. */
export function formProblems(file: string, content: unknown): string[] {
  const check = file === "dependabot.yml"
    ? DEPENDABOT
    : file === "ISSUE_TEMPLATE/config.yml"
    ? ISSUE_CONFIG
    : ISSUE_FORM;
  return [...check(content, "$")].map((problem) => problem.replace(/^\$\.?/, ""));
}
