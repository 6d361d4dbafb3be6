/**
 * koffi, the FFI of Node before 26: an optional peer, looked for where the program is installed.
 *
 * @module
 */
import { callerFile } from "./caller_file.ts";
import { builtin, globals } from "./runtime.ts";
import type { Ffi, Functions, NativeType, Signatures } from "./types.ts";

interface Koffi {
  load(library: string): KoffiLibrary;
}
interface KoffiLibrary {
  func(name: string, result: string, parameters: readonly string[]): NativeFunction;
}
type NativeFunction = (...args: unknown[]) => unknown;

interface Require {
  (id: string): unknown;
  resolve(id: string): string;
}

const TYPES: Readonly<Record<NativeType, string>> = {
  void: "void",
  f64: "double",
  i32: "int32_t",
  u32: "uint32_t",
  i64: "int64_t",
  usize: "size_t",
  buffer: "void *",
};

/** The adapter; throws what Node throws where koffi is not installed or may not be loaded. */
export function koffiFfi(): Ffi {
  const koffi = requireKoffi();
  return {
    name: "koffi",
    isShim: false,
    countsLibraries: false,
    open: (library, table) => open(koffi, library, table),
  };
}

/** Looks beside this file, then beside the program that was started. */
function requireKoffi(): Koffi {
  const { createRequire } = builtin("node:module") as {
    createRequire(from: string): Require;
  };
  let error: unknown;
  for (const from of [callerFile(), startedFile()]) {
    if (!from || !/^(file:\/)?\//.test(from)) continue; // `[eval]`, `-`
    try {
      // Not called `require`: Deno would look for the package as soon as it reads this file.
      const load = createRequire(from);
      return addon(createRequire(load.resolve("koffi"))) ?? load("koffi") as Koffi;
    } catch (reason) {
      error ??= reason;
    }
  }
  throw error ?? new Error("No file to look for koffi beside");
}

/**
 * koffi's addon by itself: there 6 ms sooner than through koffi's own JavaScript, which adds
 * nothing that is needed here. Undefined should koffi come to arrange its packages differently.
 */
function addon(require: Require): Koffi | undefined {
  const { platform, arch } = globals.process ?? {};
  try {
    const { load } = require(`@koromix/koffi-${platform}-${arch}`) as Partial<Koffi>;
    return load && { load };
  } catch {
    return undefined;
  }
}

/** With `node -e` the first argument is no program, but may be the path of anybody's file. */
function startedFile(): string | undefined {
  const evaluates = globals.process?.execArgv?.some((option) =>
    /^(-e|-p|-pe|--eval|--print)(=|$)/.test(option)
  );
  return evaluates ? undefined : globals.process?.argv[1];
}

const bits = new BigInt64Array(1);
const halves = new Uint32Array(bits.buffer);
halves[0] = 1;
const littleEndian = bits[0] === 1n;

/** BigInt(x), which costs 25 ns, in 5: koffi's numbers are whole, and above 0 except errors. */
function toBigInt(x: number | bigint): bigint {
  if (typeof x === "bigint") return x;
  if (!littleEndian || x < 0) return BigInt(x);
  halves[0] = x; // modulo 2^32
  halves[1] = x / 2 ** 32; // without the fraction
  return bits[0] as bigint;
}

function open<S extends Signatures>(koffi: Koffi, library: string, table: S): Functions<S> {
  const loaded = koffi.load(library);
  const functions: Record<string, unknown> = {};
  for (const [name, [parameters, result]] of Object.entries(table)) {
    const fn = loaded.func(name, TYPES[result], parameters.map((type) => TYPES[type]));
    // koffi returns 64-bit integers as numbers while they fit one.
    functions[name] = result === "i64" || result === "usize"
      ? (...args: unknown[]) => toBigInt(fn(...args) as number | bigint)
      : fn;
  }
  return functions as Functions<S>;
}
