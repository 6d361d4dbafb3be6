/** The functions of tests/native/microbench_cost.c, through this runtime's FFI. */
import process from "node:process";
import { ffis } from "../../ffi/mod.ts";
import type { Functions, Signatures } from "../../ffi/types.ts";

const COST = {
  // double work(double iterations);
  work: [["f64"], "f64"],
  // double work_ns(double iterations, double calls);
  work_ns: [["f64", "f64"], "f64"],
  // double spin(double ns);
  spin: [["f64"], "f64"],
  // double spin_ns(double ns, double calls);
  spin_ns: [["f64", "f64"], "f64"],
  // double rest(double ns);
  rest: [["f64"], "f64"],
} as const satisfies Signatures;

function open(library: string): Functions<typeof COST> {
  for (const ffi of ffis({})) {
    if (ffi.name !== "none") return ffi.open(library, COST);
  }
  throw new Error("There is no FFI");
}

/** Of the library that the command line names. */
export const { work, work_ns, spin, spin_ns, rest } = open(process.argv[2] ?? "");
