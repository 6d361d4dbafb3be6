/** What JSON objects look like, told by samples of them. */

/** By path, as in `results[].name`: the types seen there, `absent` where objects differ in a key. */
export type Keys = Map<string, Set<string>>;

/** Of the leaves; of objects and lists only where something else may stand in their place. */
export function keysOf(samples: readonly unknown[]): Keys {
  const keys: Keys = new Map();
  describe("", samples, keys);
  return dropBranches(keys);
}

function dropBranches(keys: Keys): Keys {
  const paths = [...keys.keys()];
  for (const path of paths) {
    const types = [...keys.get(path) ?? []].join();
    const isBranch = paths.some((other) => /^(\.|\[)/.test(suffix(other, path)));
    if (isBranch && (types === "list" || types === "object")) keys.delete(path);
  }
  return keys;
}

/** What `path` has beyond `prefix`; nothing if that is no prefix of it. */
function suffix(path: string, prefix: string): string {
  return path.startsWith(prefix) ? path.slice(prefix.length) : "";
}

/** All values that were seen at `path`, at once: a key is absent where another value has it. */
function describe(path: string, values: readonly unknown[], keys: Keys): void {
  if (path !== "") keys.set(path, new Set(values.map(typeName)));
  const items = values.filter(Array.isArray).flat();
  if (items.length > 0) describe(`${path}[]`, items, keys);
  const objects = values.filter(isRecord);
  for (const name of new Set(objects.flatMap((object) => Object.keys(object)))) {
    const below = /^\w+$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
    const child = below.replace(/^\./, "");
    const having = objects.filter((object) => name in object);
    describe(child, having.map((object) => object[name]), keys);
    if (having.length < objects.length) keys.get(child)?.add("absent");
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  if (typeof value !== "string") return typeof value;
  return /^0x[\da-f]+$/.test(value)
    ? "hex string"
    : /^\d+$/.test(value)
    ? "decimal string"
    : "string";
}

/** What either knows. */
export function union(a: Keys, b: Keys): Keys {
  const all: Keys = new Map(a);
  for (const [path, types] of b) all.set(path, (all.get(path) ?? new Set()).union(types));
  return dropBranches(all); // a list that is empty in one has items in the other
}

/** As rows of a Markdown table, in order of the paths. */
export function printKeys(keys: Keys): string {
  const rows = [...keys].sort(([a], [b]) => a < b ? -1 : 1).map(([path, types]) =>
    `| \`${path}\` | ${[...types].sort().join(" or ")} |`
  );
  return ["| key | value |", "| --- | --- |", ...rows].join("\n");
}

/** The reverse, of any Markdown: only a path in backticks makes a row of ours. */
export function parseKeys(markdown: string): Keys {
  const rows = markdown.matchAll(/^\| `([^`]+)` +\| ([a-z ]+?) +\|$/gm);
  return new Map(
    Array.from(rows, ([, path = "", types = ""]) => [path, new Set(types.split(" or "))]),
  );
}
