/** What is done to images: as plain data, so that a failure can be kept in seeds.json. */
import fc from "fast-check";
import type { NamedImage } from "../../scripts/hostile/kernels.ts";
import { type Field, fieldsOf } from "./layout.ts";

/** Places and lengths count modulo what there is; values are decimal numbers. */
export type Mutation =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  /** Into a field that decides how the image is read. */
  | { readonly kind: "field"; readonly index: number; readonly value: string }
  /** The same, as it is kept: layout.ts may come to know more fields. */
  | ({ readonly kind: "write"; readonly value: string } & Field)
  /** One field's value into another. */
  | { readonly kind: "copy"; readonly from: number; readonly to: number }
  /** The same, as it is kept. */
  | {
    readonly kind: "move";
    readonly from: number;
    readonly to: number;
    readonly size: number;
  }
  | { readonly kind: "cut"; readonly size: number }
  | { readonly kind: "grow"; readonly size: number; readonly byte: number }
  /** Bytes of another image. */
  | {
    readonly kind: "splice";
    readonly image: string;
    readonly from: number;
    readonly to: number;
    readonly length: number;
  };

/** A broken image. */
export interface Case {
  readonly image: string;
  readonly mutations: readonly Mutation[];
}

const place = fc.nat(0xffff);

/** Numbers that readers stumble over: small, about powers of two, and offsets into an image. */
const value = fc.oneof(
  fc.bigInt(0n, 64n),
  fc.tuple(fc.integer({ min: 3, max: 64 }), fc.integer({ min: -2, max: 2 }))
    .map(([power, delta]) => (1n << BigInt(power)) + BigInt(delta)),
  fc.bigInt(0n, 8192n),
).map(String);

export function cases(names: readonly string[]): fc.Arbitrary<Case> {
  const image = fc.constantFrom(...names);
  const kind = <K extends Mutation["kind"]>(kind: K) => fc.constant(kind);
  const mutation: fc.Arbitrary<Mutation> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: kind("field"), index: place, value }) },
    { weight: 3, arbitrary: fc.record({ kind: kind("flip"), at: place, bit: fc.nat(7) }) },
    { weight: 2, arbitrary: fc.record({ kind: kind("copy"), from: place, to: place }) },
    { weight: 1, arbitrary: fc.record({ kind: kind("cut"), size: place }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: kind("grow"), size: fc.nat(4096), byte: fc.nat(255) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: kind("splice"),
        image,
        from: place,
        to: place,
        length: fc.nat(512),
      }),
    },
  );
  return fc.record({ image, mutations: fc.array(mutation, { minLength: 1, maxLength: 5 }) });
}

/** The images to break, by name. */
export class Corpus {
  readonly names: readonly string[];
  readonly #images: ReadonlyMap<
    string,
    { readonly bytes: Uint8Array; readonly fields: readonly Field[] }
  >;

  constructor(images: readonly NamedImage[]) {
    this.#images = new Map(
      images.map(({ name, bytes }) => [name, { bytes, fields: fieldsOf(bytes) }]),
    );
    this.names = [...this.#images.keys()];
  }

  /** The image with all that was done to it; undefined if it is not at hand. */
  make({ image, mutations }: Case): Uint8Array | undefined {
    const start = this.#images.get(image);
    if (start === undefined) return undefined;
    let bytes = start.bytes.slice();
    for (const mutation of mutations) bytes = this.#apply(bytes, start.fields, mutation);
    return bytes;
  }

  /** The same case, as seeds.json keeps it. */
  keep({ image, mutations }: Case): Case {
    const fields = this.#images.get(image)?.fields ?? [];
    return { image, mutations: mutations.map((mutation) => resolve(mutation, fields)) };
  }

  #apply(bytes: Uint8Array<ArrayBuffer>, fields: readonly Field[], given: Mutation) {
    const mutation = resolve(given, fields);
    if (mutation.kind === "flip") {
      const at = mutation.at % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << mutation.bit);
    } else if (mutation.kind === "write") {
      write(bytes, mutation, BigInt(mutation.value));
    } else if (mutation.kind === "move") {
      const { from, to, size } = mutation;
      bytes.copyWithin(to, from, from + size);
    } else if (mutation.kind === "cut") {
      return bytes.slice(0, Math.max(1, mutation.size % bytes.length));
    } else if (mutation.kind === "grow") {
      const grown = new Uint8Array(bytes.length + mutation.size).fill(mutation.byte);
      grown.set(bytes);
      return grown;
    } else if (mutation.kind === "splice") {
      const source = this.#images.get(mutation.image)?.bytes ?? bytes;
      const from = mutation.from % source.length;
      const to = mutation.to % bytes.length;
      const length = Math.min(mutation.length, bytes.length - to);
      bytes.set(source.subarray(from, from + length), to);
    }
    return bytes;
  }
}

/** With the places of the fields, in place of their indices. */
function resolve(mutation: Mutation, fields: readonly Field[]): Mutation {
  const field = (index: number): Field => fields[index % fields.length] ?? { at: 0, size: 1 };
  if (mutation.kind === "field") {
    return { kind: "write", ...field(mutation.index), value: mutation.value };
  }
  if (mutation.kind === "copy") {
    const { at, size } = field(mutation.from);
    return { kind: "move", from: at, to: field(mutation.to).at, size };
  }
  return mutation;
}

/** In the image's own byte order, as it was before anything was broken or after: either is odd. */
function write(bytes: Uint8Array, { at, size }: Field, value: bigint): void {
  const little = bytes[5] !== 2;
  for (let i = 0; i < size && at + size <= bytes.length; i++) {
    bytes[at + (little ? i : size - 1 - i)] = Number(value >> BigInt(8 * i) & 0xffn);
  }
}
