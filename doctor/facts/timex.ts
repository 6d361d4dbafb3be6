/**
 * What adjtimex(2) says of the wall clock.
 *
 * @module
 */
import type { WallFacts } from "./types.ts";

/** Bytes of struct timex on CPUs of 64 bits: include/uapi/linux/timex.h. */
export const TIMEX_BYTES = 208;

/** As adjtimex(2) fills it. */
export function parseTimex(
  state: number,
  bytes: Uint8Array,
): Pick<WallFacts, "state" | "status" | "maxerrorUs" | "freqPpm" | "tickUs"> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = (at: number) => Number(view.getBigInt64(at, LITTLE_ENDIAN));
  return {
    state,
    status: view.getInt32(40, LITTLE_ENDIAN),
    maxerrorUs: long(24),
    freqPpm: long(16) / 65_536, // 16 bits of fraction
    tickUs: long(88),
  };
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
