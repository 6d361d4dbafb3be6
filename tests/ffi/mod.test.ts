import { assertEquals, assertMatch } from "@std/assert";
import { test } from "node:test";
import { ffis } from "../../ffi/mod.ts";
import { NODE_FFIS } from "../../ffi/types.ts";
import { ownAddon } from "../fixtures/addon_bytes.ts";
import { nodeMajor, runtime } from "../support.ts";

/** What can be had, in the order in which it is tried. */
function names(options: Parameters<typeof ffis>[0]): string[] {
  return Array.from(ffis(options), ({ name }) => name).filter((name) => name !== "none");
}

test("ffis() tries in Node the addon, node:ffi and koffi; elsewhere the runtime's own", () => {
  const node = nodeMajor >= 26 ? NODE_FFIS : ["addon", "koffi"];
  assertEquals(names({ addon: ownAddon() }), runtime === "node" ? [...node] : [runtime]);
});

test("ffis() tries the one that is asked for, and no other", () => {
  for (const ffi of NODE_FFIS) {
    const isHere = runtime === "node" && (ffi !== "node" || nodeMajor >= 26);
    assertEquals(names({ ffi, addon: ownAddon() }), isHere ? [ffi] : []);
  }
});

test("ffis() refuses Node's outside Node, with the reason", () => {
  const reasons = NODE_FFIS.map((ffi) => {
    const [first] = ffis({ ffi });
    return first?.name === "none" ? first.reason : "";
  });
  const where = ` is for Node alone, and this is ${runtime}`;
  if (runtime !== "node") {
    assertEquals(reasons, [`The addon${where}`, `node:ffi${where}`, `koffi${where}`]);
  } else {
    // No image was given.
    assertMatch(reasons[0] ?? "", /^There is no addon for \w+$/);
  }
});
