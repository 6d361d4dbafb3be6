/**
 * OpenTelemetry's types, as far as they are needed: as structures that fit the SDK's lines 1, 2 and 3,
 * without an import of any.
 *
 * @module
 */

/** Seconds since the Unix epoch, and nanoseconds. */
export type HrTime = [seconds: number, nanoseconds: number];

/** The labels of a point. */
export type Attributes = Record<string, string | number | boolean>;

/** The SDK's AggregationTemporality.CUMULATIVE. */
export const CUMULATIVE = 1;
/** The SDK's DataPointType.HISTOGRAM. */
export const HISTOGRAM = 0;
/** The SDK's DataPointType.EXPONENTIAL_HISTOGRAM. */
export const EXPONENTIAL_HISTOGRAM = 1;
/** The SDK's DataPointType.GAUGE. */
export const GAUGE = 2;

/** A value, and what it is of. */
export interface DataPoint<T> {
  /** When counting began. */
  readonly startTime: HrTime;
  /** When it was read. */
  readonly endTime: HrTime;
  /** By OpenTelemetry's conventions. */
  readonly attributes: Attributes;
  /** The value. */
  readonly value: T;
}

/** What a metric is. */
export interface Descriptor {
  /** By OpenTelemetry's conventions, or beginning with `vdso.`. */
  readonly name: string;
  /** For people. */
  readonly description: string;
  /** By UCUM. */
  readonly unit: string;
  /** A string; the SDK's line 1 has an enumeration here, which no string fits. */
  readonly type: never;
  /** The API's ValueType.DOUBLE. */
  readonly valueType: 1;
}

/** Counts in explicit buckets. */
export interface Histogram {
  /** Upper bounds in seconds, and one count more. */
  readonly buckets: { boundaries: number[]; counts: number[] };
  /** Seconds. */
  readonly sum: number;
  /** Requests. */
  readonly count: number;
}

/** Counts in exponential buckets, of one sign. */
export interface Buckets {
  /** The index of the first. */
  offset: number;
  /** From there on. */
  bucketCounts: number[];
}

/** Counts in exponential buckets. */
export interface ExponentialHistogram {
  /** Requests. */
  readonly count: number;
  /** Seconds. */
  readonly sum: number;
  /** 4. */
  readonly scale: number;
  /** Requests that took less than 1 ns. */
  readonly zeroCount: number;
  /** All others. */
  readonly positive: Buckets;
  /** None. */
  readonly negative: Buckets;
}

/** A metric of one kind. */
export interface Metric<Type extends number, T> {
  /** What it is. */
  readonly descriptor: Descriptor;
  /** Counts are since the start, never since the last time. */
  readonly aggregationTemporality: 1;
  /** What kind of values. */
  readonly dataPointType: Type;
  /** The values. */
  readonly dataPoints: DataPoint<T>[];
}

/** A metric. */
export type MetricData =
  | Metric<0, Histogram>
  | Metric<1, ExponentialHistogram>
  | Metric<2, number>;

/** Says nothing: readers take the resource of their MeterProvider. */
export interface Resource {
  /** None. */
  readonly attributes: Record<string, never>;
  /** The other one. */
  merge(other: unknown): never;
  /** None. */
  getRawAttributes(): [];
}

/** What a producer answers. */
export interface CollectionResult {
  /** The metrics, of one scope. */
  readonly resourceMetrics: {
    resource: Resource;
    scopeMetrics: { scope: { name: string }; metrics: MetricData[] }[];
  };
  /** None. */
  readonly errors: unknown[];
}

/** An element of a reader's option `metricProducers`. */
export interface MetricProducer {
  /** Called by the reader. */
  collect(): Promise<CollectionResult>;
}
