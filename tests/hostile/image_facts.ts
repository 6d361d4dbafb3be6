/** All that the parser reads in an image, as JSON: to be compared between machines. */
import { parseElf, parseUnwind } from "../../elf/mod.ts";

export function imageFacts(bytes: Uint8Array): unknown {
  const image = parseElf(bytes);
  const symbols = image.symbols();
  const facts = {
    ...image,
    symbols,
    functions: symbols.map(({ name, version }) => image.lookup(name, version) ?? null),
    unwind: parseUnwind(bytes) ?? null,
  };
  const plain = (_: string, value: unknown) =>
    typeof value === "bigint" || value instanceof Uint8Array ? String(value) : value;
  return JSON.parse(JSON.stringify(facts, plain));
}
