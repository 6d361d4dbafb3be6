/** The licences of the packages whose code is in ours. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BundledPackage } from "./bundle.ts";

/** Licences that ask for nothing but what this file does: others need somebody's thought. */
const KNOWN = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD"];

/** Writes them all into one file. */
export function thirdPartyLicenses(packages: readonly BundledPackage[], target: string): void {
  const parts = packages.map(({ name, version, directory }) => {
    const { license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
      license?: string;
    };
    if (!license || !KNOWN.includes(license)) {
      throw new Error(`${name} is under ${license ?? "no licence"}: may it be bundled?`);
    }
    const file = readdirSync(directory).find((file) => /^(licen[sc]e|copying)/i.test(file));
    if (!file) throw new Error(`${name} has no licence file`);
    const text = readFileSync(join(directory, file), "utf8").trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  const head =
    "The vdso command and the benchmark contain code of the packages below. The library does not.\n";
  writeFileSync(target, [head, ...parts].join(`\n${"-".repeat(80)}\n\n`));
}
