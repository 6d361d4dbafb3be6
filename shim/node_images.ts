/**
 * What only Node takes of the shim: as an addon, and as a library for CPUs on which there is no other
 * runtime. The bytes are out of this module's way: Deno and Bun, which have no use for them, never see
 * them.
 *
 * @module
 */
import type { AddonImage } from "../ffi/addon.ts";
import { callerFile } from "../ffi/caller_file.ts";
import { builtin } from "../ffi/runtime.ts";
import { NODE_IMAGES } from "./images.ts";

/** The addon for a CPU, by the kernel's name of it; undefined if there is none. */
export function addonImage(arch: string): AddonImage | undefined {
  const identity = NODE_IMAGES[arch];
  if (!identity) return undefined;
  return {
    ...identity,
    file: () => beside(addonFile(arch)),
    base64: () => nodeImage(arch),
  };
}

/**
 * The bytes that Node alone takes on a CPU: of the addon where there is one, else of the library.
 *
 * @throws {Error} if they are not where they should be
 */
export function nodeImage(arch: string): string {
  const base64 = (bundledImages() ?? readImages())[arch];
  if (base64 === undefined) throw new Error(`${IMAGES_FILE} has nothing for ${arch}`);
  return base64;
}

/** What the file beside this one, in the npm package, is called. */
export function addonFile(arch: string): string {
  return `shim_${arch}.node`;
}

type Images = Readonly<Record<string, string>>;

const IMAGES_FILE = "node_images.json";

/** A path beside this file, or beside the bundle that this has become a part of. */
function beside(name: string): string | undefined {
  const here = callerFile();
  // The first URL of a program costs 0.3 ms.
  const path = here?.startsWith("file:///")
    ? decodeURIComponent(here.slice("file://".length).replace(/[?#].*/, ""))
    : here;
  return path?.startsWith("/") ? path.replace(/[^/]*$/, name) : undefined;
}

function readImages(): Images {
  const path = beside(IMAGES_FILE);
  if (path === undefined) throw new Error(`No file to look for ${IMAGES_FILE} beside`);
  const files = builtin("node:fs") as { readFileSync(path: string, encoding: "utf8"): string };
  return JSON.parse(files.readFileSync(path, "utf8")) as Images;
}

declare function require(id: string): unknown;

/** Bundlers put the file's contents in the place of this call. The type keeps Deno from reading it. */
function requireImages(): Images {
  return require("./node_images.json" as string) as Images;
}

/**
 * The file's contents, if a bundler has put them there; undefined where the call still stands, under
 * whatever name. It is never made then: `node -e` makes a global `require`, for files of the current
 * directory.
 */
function bundledImages(): Images | undefined {
  const stands = /\(\s*(["'`])\.\/node_images\.json\1/.test(String(requireImages));
  return stands ? undefined : requireImages();
}
