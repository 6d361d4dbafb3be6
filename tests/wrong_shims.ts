/** Shims that are wrong on purpose, for tests of who notices. */
import { IMAGES } from "../shim/images.ts";
import { nativeProgram } from "./native.ts";

/**
 * Compiles one for x86_64, the only CPU that they are written for; its path.
 *
 * @param name a counter that jumps, clocks that go back now and then, or costs disturbed at first
 */
export function wrongShim(name: "jumping" | "lying" | "disturbed"): string {
  return nativeProgram(`${name}_shim`, [
    "-shared",
    "-fPIC",
    "-ffreestanding",
    "-fvisibility=hidden",
    "-nostdlib",
    `-DBUILD_ID=${IMAGES["x86_64"]?.buildId}ULL`,
  ]);
}
