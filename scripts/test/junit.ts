/**
 * What the JUnit reporters of node --test, deno test and bun test write: as much of XML as those
 * three use.
 */

export interface TestCase {
  readonly name: string;
  readonly seconds: number;
  readonly outcome: "passed" | "failed" | "skipped";
  /** Its whole path, in Node's reports; empty in others. */
  readonly file: string;
}

const COMMENT = /<!--[^]*?-->/g;
/** Values may hold `>`: Node escapes only `<`. */
const TAG = /<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/g;

/** The test cases of a report, in its order. A report that breaks off has those before the break. */
export function parseJUnit(xml: string): TestCase[] {
  const cases: TestCase[] = [];
  let open: { -readonly [Key in keyof TestCase]: TestCase[Key] } | undefined;
  for (const [, closing, tag, attributes = "", empty] of xml.replace(COMMENT, "").matchAll(TAG)) {
    if (tag === "testcase" && !closing) {
      const seconds = Number(attribute(attributes, "time"));
      const [name, file] = [attribute(attributes, "name"), attribute(attributes, "file")];
      open = { name, seconds, outcome: "passed", file };
    } else if (open && (tag === "failure" || tag === "error")) {
      open.outcome = "failed";
    } else if (open && tag === "skipped") {
      open.outcome = "skipped";
    }
    if (tag === "testcase" && open && (closing || empty)) {
      cases.push(open);
      open = undefined;
    }
  }
  return cases;
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  // Node 22 and 24 escape a quotation mark twice.
  return decode(value).replaceAll("&quot;", '"');
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
    if (name) return ENTITIES[name] ?? all;
    return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16));
  });
}
