/**
 * Middleware for Hono.
 *
 * @module
 */
import { detectRuntime } from "../core/internals.ts";
import { now } from "../mod.ts";
import { ABORT, ERROR, type Registry } from "./registry.ts";
import type { End, RequestLike, Streams } from "./streams.ts";
import { LEAST_ABORT_NS, statusOf } from "./timed.ts";

/** What is read of Hono's context. */
export interface HonoContext {
  /** The request. Its `routePath` is that of whatever came last, which is what has answered. */
  readonly req: {
    readonly raw: RequestLike;
    readonly method: string;
    readonly url: string;
    readonly routePath: string;
  };
  /** Whether there is a response. */
  readonly finalized?: boolean;
  /** The response; where there is none, reading this makes one of status 200. */
  readonly res: { readonly status: number };
}

/** As Hono's `app.use()` takes it. */
export type HonoMiddleware = (
  context: HonoContext,
  next: () => Promise<unknown>,
) => Promise<void>;

/** What is read of a request that has been answered. */
type Answered = Omit<HonoContext["req"], "raw">;

const NOT_FOUND = 404;
/** The pattern of middleware, as a rule: of a request that nothing else matched. */
const EVERYTHING = /^\/?\*$/;

/** Times what comes after it. */
export function honoMiddleware(registry: Registry, streams: Streams): HonoMiddleware {
  // Only there it costs next to nothing: see timed.ts.
  const signal = detectRuntime() === "bun";

  function end({ routePath, url, method }: Answered, status: number, ns: number): void {
    registry.inFlight--;
    const none = EVERYTHING.test(routePath) && (status === NOT_FOUND || status < 0);
    const scheme = url.startsWith("https:") ? "https" : "http";
    registry.route(none ? undefined : routePath, scheme).record(method, status, ns);
  }

  /** Has strings alone. A function of its own, since closures of one function share what they keep. */
  function laterEnd({ routePath, url, method }: Answered): End {
    return (status, ns) => end({ routePath, url, method }, status, ns);
  }

  return (context, next) => {
    const start = now();
    registry.inFlight++;
    const { req } = context;
    const { raw } = req;
    return next().then(() => {
      const ns = now() - start;
      if (signal && ns > LEAST_ABORT_NS && raw.signal?.aborted) {
        streams.forget(raw);
        return end(req, ABORT, ns);
      }
      const status = context.finalized === false ? ERROR : statusOf(context.res);
      if (streams.open !== 0 && streams.continue(raw, start, status, laterEnd(req))) return;
      end(req, status, ns);
    }, (error: unknown) => {
      streams.forget(raw);
      end(req, signal && raw.signal?.aborted ? ABORT : ERROR, now() - start);
      throw error;
    });
  };
}
