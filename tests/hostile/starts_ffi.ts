/** Calls a function of the C library: what a Worker leaves behind that uses the FFI, and no more. */
import { ownFfi } from "../fixtures/own_ffi.ts";

ownFfi().open("libc.so.6", { getpid: [[], "i32"] }).getpid();
