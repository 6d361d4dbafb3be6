/**
 * Responses that are ready long before they end: their streams, where a handler asks for that.
 *
 * @module
 */
import { now } from "../mod.ts";
import { ABORT, ERROR } from "./registry.ts";

/** What is read of a request. */
export interface RequestLike {
  /** GET, POST, ... */
  readonly method: string;
  /** Whether the client has gone. */
  readonly signal?: { readonly aborted: boolean };
}

/** A ReadableStream, where TypeScript may not know that there are any. */
export interface StreamLike {
  /** Whether somebody reads it already. */
  readonly locked: boolean;
  /** Reads it. */
  getReader(): unknown;
}

type MaybeObject = object | null | undefined;

/** Ends a request. */
export type End = (status: number, ns: number) => void;

/** A stream that a handler has asked to time; its request ends with it. */
interface Timed {
  /** ERROR or ABORT if it ended so, the moment when it ended; undefined while it goes on. */
  ended: { readonly status: number | undefined; readonly at: number } | undefined;
  /** What is to be done then. */
  then: (() => void) | undefined;
}

export class Streams {
  /** How many may still be waiting for the handler's response: mostly none, which is cheap to see. */
  open = 0;
  readonly #timed = new WeakMap<object, Timed>();

  /** A stream of the same chunks, whose end is the end of the request. */
  add<T>(request: RequestLike, source: ReadableStream<T>): ReadableStream<T> {
    if (request.method === "HEAD") return source; // nobody reads it, nor cancels it
    const timed: Timed = { ended: undefined, then: undefined };
    if (!this.#timed.has(request)) this.open++;
    this.#timed.set(request, timed);
    const end = (status: number | undefined) => {
      if (timed.ended) return;
      timed.ended = { status, at: now() };
      timed.then?.();
    };
    const reader = source.getReader();
    return new ReadableStream<T>({
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          end(undefined);
          controller.close();
        } catch (error) {
          end(ERROR);
          controller.error(error);
        }
      },
      cancel(reason) {
        end(ABORT);
        return reader.cancel(reason);
      },
    }, { highWaterMark: 0 });
  }

  /** Leaves the end of a request to its stream. Answers whether it has one. */
  continue(request: MaybeObject, start: number, status: number, end: End): boolean {
    const timed = request ? this.#timed.get(request) : undefined;
    if (!timed) return false;
    this.forget(request);
    timed.then = () => {
      const { ended } = timed;
      if (ended) end(ended.status ?? status, ended.at - start);
    };
    if (timed.ended) timed.then();
    return true;
  }

  /** The handler came to no response. */
  forget(request: MaybeObject): void {
    if (request && this.#timed.delete(request)) this.open--;
  }
}
