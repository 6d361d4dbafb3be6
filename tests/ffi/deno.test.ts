// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { denoFfi } from "../../ffi/deno.ts";

type Grants = Readonly<Record<string, { state: string; partial?: boolean }>>;

/** Deno's FFI permission, by path; "" is the permission for everything. */
function denoWithFfi(grants: Grants) {
  return {
    dlopen: () => ({ symbols: {} }),
    permissions: {
      querySync: ({ path = "" }: { path?: string }) => grants[path] ?? { state: "prompt" },
    },
  };
}

test("denoFfi() wants every library, or the one that will be opened", () => {
  const name = (grants: Grants, path?: string) => denoFfi(path, denoWithFfi(grants)).name;
  const granted = { state: "granted" };
  assertEquals(name({}), "none");
  assertEquals(name({ "": granted }), "deno");
  assertEquals(name({ "": { state: "granted", partial: true } }), "none");
  assertEquals(name({ "/shim.so": granted }), "none");
  assertEquals(name({ "/shim.so": granted }, "/shim.so"), "deno");
  assertEquals(name({ "/shim.so": granted }, "/other.so"), "none");
  assertEquals(
    name({ "": { state: "granted", partial: true }, "/shim.so": granted }, "/shim.so"),
    "deno",
  );
  assertEquals(name({ "": { state: "denied" } }, "/shim.so"), "none");
});
