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

/** How a stream ended. */
interface Ended {
  /** ERROR or ABORT if it ended so. */
  readonly status: number | undefined;
  /** The moment; undefined if nobody has read it to its end. */
  readonly at: number | undefined;
}

/** A stream that a handler has asked to time; its request ends with it. */
interface Timed {
  /** Undefined while it goes on. */
  ended: Ended | undefined;
  /** What is to be done then. */
  then: ((ended: Ended) => void) | undefined;
}

/** These responses have no body: Bun takes one for them, and cancels it. */
const BODILESS = [204, 205, 304];

export class Streams {
  /** How many may still be waiting for the handler's response: mostly none, which is cheap to see. */
  open = 0;
  readonly #timed = new WeakMap<object, Timed>();
  /**
   * Ends the requests whose streams are gone, as where a handler has answered something else. A
   * registry keeps what it is given, so nothing in that may lead to the stream.
   */
  readonly #gone = new FinalizationRegistry<Timed>((timed) => finish(timed));

  /** A stream of the same chunks, whose end is the end of the request. */
  add<T>(request: RequestLike, source: ReadableStream<T>): ReadableStream<T> {
    if (request.method === "HEAD") return source; // nobody reads it, nor cancels it
    const reader = source.getReader();
    const timed: Timed = { ended: undefined, then: undefined };
    if (!this.#timed.has(request)) this.open++;
    this.#timed.set(request, timed);
    const stream = new ReadableStream<T>({
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          finish(timed, undefined, now());
          controller.close();
        } catch (error) {
          finish(timed, ERROR, now());
          controller.error(error);
        }
      },
      cancel(reason) {
        finish(timed, ABORT, now());
        return reader.cancel(reason);
      },
    }, { highWaterMark: 0 });
    this.#gone.register(stream, timed);
    return stream;
  }

  /**
   * Leaves the end of a request to its stream. Answers whether it has one.
   *
   * @param end is kept until then, and must not lead to the response, whose body the stream may be
   */
  continue(request: MaybeObject, start: number, status: number, end: End): boolean {
    const timed = request ? this.#timed.get(request) : undefined;
    if (!timed) return false;
    this.forget(request);
    // What was cancelled before there was a response, the handler itself has cancelled.
    if (timed.ended?.status === ABORT || BODILESS.includes(status)) return false;
    const ready = now();
    const then = ({ status: how = status, at = ready }: Ended) => end(how, at - start);
    if (timed.ended) then(timed.ended);
    else timed.then = then;
    return true;
  }

  /** The handler came to no response. */
  forget(request: MaybeObject): void {
    if (request && this.#timed.delete(request)) this.open--;
  }
}

function finish(timed: Timed, status?: number, at?: number): void {
  if (timed.ended) return;
  timed.ended = { status, at };
  timed.then?.(timed.ended);
}
