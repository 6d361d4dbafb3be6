/**
 * Three ways to hash bytes, synchronous and not: a file for `vdso bench`.
 *
 *   deno run --allow-all cli.ts bench examples/bench_hash.ts
 *   bun cli.ts bench examples/bench_hash.ts
 *   node cli.ts bench examples/bench_hash.ts
 */
import { createHash } from "node:crypto";
import { bench, group } from "@x/vdso/bench";

/** FNV-1a, 32 bits: for hash tables, not against attackers. */
function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

group("hash", () => {
  const options = {
    params: { bytes: [16, 4096] },
    // Bytes that change from run to run, so that no compiler knows the result.
    setup: (params: { bytes: number }) => crypto.getRandomValues(new Uint8Array(params.bytes)),
  };
  bench("FNV-1a in JavaScript", options, fnv1a);
  bench("SHA-256, node:crypto", options, (bytes) => createHash("sha256").update(bytes).digest());
  // Awaited, and what that takes is a part of its cost.
  bench("SHA-256, WebCrypto", options, (bytes) => crypto.subtle.digest("SHA-256", bytes));
});
