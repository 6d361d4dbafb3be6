/** The shim as an addon of Node, beside the library's file. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { addonFile } from "../../../shim/node_images.ts";
import { ROOT } from "../../runtimes.ts";
import { NODE_CPUS } from "../../targets.ts";

const IMAGES = "node_images.json";

/** What stands in the place of `require` while esbuild is at work. */
const LATER = "requireOfWhoeverBundlesThis";

/**
 * Keeps the library's call of `require()` for those who bundle the package: they take the images from
 * the file that lies beside, and a program that is not bundled has the addons themselves.
 */
export function keepImagesApart(): Plugin {
  return {
    name: "keep-images-apart",
    setup({ onLoad }) {
      onLoad({ filter: /\/shim\/node_images\.js$/ }, ({ path }) => ({
        contents: replaceOnce(
          readFileSync(path, "utf8"),
          `require("./${IMAGES}"`,
          `${LATER}("./${IMAGES}"`,
        ),
      }));
    },
  };
}

/** Puts the call back. */
export function requireImages(text: string): string {
  return text.replace(LATER, "require");
}

function replaceOnce(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`Expected one ${from}`);
  return text.replace(from, to);
}

/** Writes the addons, and the images as text; returns their names. */
export function writeAddons(output: string): string[] {
  const source = join(ROOT, "shim", IMAGES);
  const images = JSON.parse(readFileSync(source, "utf8")) as Record<string, string>;
  const addons = NODE_CPUS.map((arch) => {
    writeFileSync(join(output, addonFile(arch)), images[arch] as string, "base64");
    return addonFile(arch);
  });
  copyFileSync(source, join(output, IMAGES));
  return [...addons, IMAGES];
}
