/** The runtimes that this project is built for, as npm installs them into node_modules. */
import { arch } from "node:os";
import { join } from "node:path";

export type RuntimeName = "deno" | "bun" | "node22" | "node24" | "node26";

export interface RuntimeCommand {
  readonly name: RuntimeName;
  /** The program's path. */
  readonly bin: string;
  /** What comes between the program and the file to run. */
  readonly run: readonly string[];
  /** What comes between the program and a test file. */
  readonly test: readonly string[];
}

export const ROOT = join(import.meta.dirname, "..");

const bin = (path: string) => join(ROOT, "node_modules", path);
const denoArch = arch() === "x64" ? "x64" : "arm64";
const bunArch = arch() === "x64" ? "x64" : "aarch64";

function node(name: RuntimeName): RuntimeCommand {
  return {
    name,
    bin: bin(`${name}-${arch()}/bin/node`),
    run: [],
    // Without --test, which would start another process for the file.
    test: ["--test-reporter=spec", "--test-reporter-destination=stdout"],
  };
}

export const RUNTIMES: readonly RuntimeCommand[] = [
  {
    name: "deno",
    bin: bin(`@deno/linux-${denoArch}-glibc/deno`),
    run: ["run", "--no-check", "--allow-all"],
    test: ["test", "--no-check", "--allow-all"],
  },
  {
    name: "bun",
    bin: bin(`@oven/bun-linux-${bunArch}/bin/bun`),
    run: [],
    test: ["test", "--timeout=60000"], // its own 5 s are few where other work holds up the machine
  },
  node("node22"),
  node("node24"),
  node("node26"),
];
