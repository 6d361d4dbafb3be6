/**
 * All series of a {@link requestMetrics}, and the routes that they are found by.
 *
 * @module
 */
import { knownMethod } from "./semconv.ts";
import { type Labels, type Outcome, Series } from "./series.ts";

/** In place of a status: the handler threw, rejected, or returned what is no response. */
export const ERROR = -1;
/** In place of a status: the client had gone before there was a response. */
export const ABORT = -2;
/** The status of an upgrade, also where the runtime sends it. */
export const UPGRADE = 101;

export class Registry {
  /** When counting began: milliseconds since the Unix epoch. */
  since: number = Date.now();
  /** How many requests are in a handler now. */
  inFlight = 0;
  /** By pattern, so that the next options with that pattern replace what earlier ones said of it. */
  readonly #uncounted = new Map<string, readonly string[]>();
  readonly #maxSeries: number;
  readonly #series: Series[] = [];
  readonly #routes = {
    http: new Map<string | undefined, Route>(),
    https: new Map<string | undefined, Route>(),
  };
  #overflow: Series | undefined;
  #rest: Route | undefined;

  constructor(maxSeries: number) {
    this.#maxSeries = maxSeries;
  }

  /** The route of that pattern, the same one each time; without a pattern, the one of all others. */
  route(pattern: string | undefined, scheme: Labels["scheme"]): Route {
    const routes = this.#routes[scheme];
    let route = routes.get(pattern);
    if (route) return route;
    // There can be no more series, so what a client or a careless program makes up need not be kept.
    if (this.#series.length >= this.#maxSeries) {
      return this.#rest ??= new Route(this, undefined, scheme);
    }
    route = new Route(this, pattern, scheme);
    routes.set(pattern, route);
    return route;
  }

  /** Says which requests of a pattern are not counted: `/logo.png`, `GET /logo.png`. */
  leave(pattern: string, requests: readonly string[]): void {
    if (requests.length > 0) this.#uncounted.set(pattern, requests);
    else this.#uncounted.delete(pattern);
  }

  /** All requests that are not counted. */
  uncounted(): string[] {
    return [...this.#uncounted.values()].flat();
  }

  /** A new series, or the one that takes what is too many. */
  add(labels: Labels): Series {
    if (this.#series.length >= this.#maxSeries) return this.#overflow ??= new Series(undefined);
    const series = new Series(labels);
    this.#series.push(series);
    return series;
  }

  /** Requests that have ended. */
  count(): number {
    let count = 0;
    for (const series of this.series()) count += series.count;
    return count;
  }

  /** Forgets what was counted. What is in flight is still to come. */
  reset(): void {
    this.since = Date.now();
    for (const series of this.series()) series.reset();
  }

  /** All series that have been made, the overflow last. */
  *series(): Generator<Series> {
    yield* this.#series;
    if (this.#overflow) yield this.#overflow;
  }
}

/** A route, and its series by method and status. */
export class Route {
  readonly #registry: Registry;
  readonly #pattern: string | undefined;
  readonly #scheme: Labels["scheme"];
  readonly #series = new Map<string, Map<number, Series>>();
  // Most requests are as the one before.
  #method = "";
  #status = NaN;
  #last: Series | undefined;

  constructor(registry: Registry, pattern: string | undefined, scheme: Labels["scheme"]) {
    this.#registry = registry;
    this.#pattern = pattern;
    this.#scheme = scheme;
  }

  /**
   * Counts a request.
   *
   * @param method any word
   * @param status of the response; or {@link ERROR}, {@link ABORT}
   * @param ns how long it took
   */
  record(method: string, status: number, ns: number): void {
    if (status === this.#status && method === this.#method) this.#last!.record(ns);
    else this.bind(method, status).record(ns);
  }

  /** Finds the series, and makes it if there is none. */
  bind(method: string, status: number): Series {
    const known = knownMethod(method);
    let byStatus = this.#series.get(known);
    if (!byStatus) this.#series.set(known, byStatus = new Map());
    let series = byStatus.get(status);
    if (!series) {
      series = this.#registry.add({
        route: this.#pattern,
        method: known,
        scheme: this.#scheme,
        outcome: outcomeOf(status),
        status: status > 0 ? status : undefined,
      });
      byStatus.set(status, series);
    }
    this.#method = method;
    this.#status = status;
    this.#last = series;
    return series;
  }
}

function outcomeOf(status: number): Outcome {
  if (status === ERROR) return "error";
  if (status === ABORT) return "abort";
  return status === UPGRADE ? "upgrade" : "response";
}
