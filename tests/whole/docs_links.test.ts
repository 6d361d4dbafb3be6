/** Every relative link of every Markdown file leads somewhere. */
// both tiers: node26 (the files are the same in every runtime)
import { assert, assertEquals } from "@std/assert";
import type { Token } from "marked";
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { FILES, tokens } from "../markdown.ts";
import { ROOT } from "../support.ts";

/** What a reader sees of a heading. */
function plainText(token: Token): string {
  const inner = "tokens" in token ? token.tokens : undefined;
  if (inner) return inner.map(plainText).join("");
  return "text" in token ? String(token["text"]) : token.raw;
}

/** The anchors that GitHub gives to headings: letters, digits, `-` and `_`, the second alike "-1". */
function anchors(file: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    tokens(file).filter(({ type }) => type === "heading").map((heading) => {
      const slug = plainText(heading).toLowerCase()
        .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "").replaceAll(" ", "-");
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}

/** What is wrong with a link, if anything is. Only what is in this repository can be looked at. */
function problem(file: string, href: string): string | undefined {
  if (/^[a-z][a-z\d+.-]*:/i.test(href)) return undefined;
  const [path = "", anchor] = decodeURI(href).split("#");
  const target = path === "" ? file : relative(ROOT, join(ROOT, dirname(file), path));
  if (target.startsWith("..") || path.startsWith("/")) return `${href} leads out of the repository`;
  if (!existsSync(join(ROOT, target))) return `${href}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  if (!target.endsWith(".md")) return `${href}: only Markdown has anchors`;
  return anchors(target).has(anchor) ? undefined : `${href}: ${target} has no #${anchor}`;
}

for (const file of FILES) {
  test(`the links of ${file} lead somewhere`, () => {
    const links = tokens(file).filter(({ type }) => type === "link" || type === "image")
      .map((token) => String("href" in token ? token["href"] : ""));
    assertEquals(links.flatMap((href) => problem(file, href) ?? []), []);
  });
}

test("a link that leads nowhere would be noticed", () => {
  assertEquals(problem("docs/README.md", "clocks.md#which-to-use"), undefined);
  assertEquals(problem("docs/README.md", "../mod.ts"), undefined);
  assertEquals(problem("docs/clocks.md", "#leap-seconds-and-tai"), undefined);
  assertEquals(problem("docs/README.md", "https://example.org/"), undefined);
  for (
    const href of ["nowhere.md", "clocks.md#nowhere", "#nowhere", "../../README.md", "/mod.ts"]
  ) assert(problem("docs/README.md", href) !== undefined, href);
});
