/** The probe, by koffi: on riscv64 that has to be asked for. */
import { bind } from "../../mod.ts";

bind({ ffi: "koffi" });
await import("./probe.ts");
