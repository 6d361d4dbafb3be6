/**
 * The `vdso` command: `npx @x/vdso`, `bunx @x/vdso`, `deno run --allow-ffi jsr:@x/vdso/cli`.
 *
 * This file says which Node is too old. So it imports nothing before it has looked, and has no syntax
 * that Node 12.20 would not parse, such as `??` and a top-level await.
 *
 * @module
 */

/** The oldest Node that the command runs in: the package's `engines`. */
const OLDEST = [22, 12];

interface Process {
  readonly env: Record<string, string | undefined>;
  readonly versions: { readonly node: string; readonly deno?: string; readonly bun?: string };
  exitCode: number;
}

const { process } = globalThis as unknown as { process: Process };
const { deno, bun, node } = process.versions;

function start(): void {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const [oldMajor = 0, oldMinor = 0] = OLDEST;
  // Deno and Bun pretend to some version.
  const isNode = deno === undefined && bun === undefined;
  if (isNode && (major < oldMajor || (major === oldMajor && minor < oldMinor))) {
    console.error(`vdso: Node ${node} is too old: ${OLDEST.join(".")} is the oldest that can`);
    process.exitCode = 1;
  } else {
    void import("./cli/main.ts");
  }
}

// The environment takes a permission in Deno.
if (deno !== undefined || bun !== undefined || process.env["npm_lifecycle_event"] !== "bunx") {
  start();
} else {
  void import("./cli/bunx.ts").then(({ handOver }) => handOver(start));
}

export {};
