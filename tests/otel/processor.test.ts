import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import { test } from "node:test";
import { Anchors } from "../../otel/anchor.ts";
import { type HrTime, hrTime, type ReadableSpan, type SpanProcessor } from "../../otel/mod.ts";
import { clockSpanProcessor, processorOn } from "../../otel/processor.ts";
import { full } from "../support.ts";
import { collector, type Exported, nanoseconds, type Sdk, SDKS } from "./sdks.ts";
import { inWorld, type World } from "./world.ts";

const SPANS = full ? 100_000 : 20_000;
const HOUR = 3600;
const MS = 1_000_000;
/** Nanoseconds that a few readings of the clocks of {@link World} take. */
const READINGS = 3000n;

/** A tracer in a world of its own, and the spans that it has exported. */
function traced(sdk: Sdk, world: World) {
  const { processor, spans } = collector();
  const corrected = processorOn(world.clocks, new Anchors(world.clocks), processor);
  return { tracer: sdk.provider(corrected).getTracer("tests"), spans };
}

const below = (parent: Span) => trace.setSpan(ROOT_CONTEXT, parent);
const start = ({ startTime }: ReadableSpan) => nanoseconds(startTime);
const end = ({ endTime }: ReadableSpan) => nanoseconds(endTime);

function named(spans: readonly Exported[], name: string): Exported {
  const span = spans.find((span) => span.name === name);
  assert(span !== undefined, `${name} has ended`);
  return span;
}

/** Within what a few readings of a clock take. */
function assertNear(actual: bigint, expected: bigint): void {
  const difference = actual - expected;
  assert(-READINGS < difference && difference < READINGS, `off by ${difference} ns`);
}

/** As the SDK has it, in a field of its own that is passed on like all others. */
function hasWholeLength(span: ReadableSpan): boolean {
  const { _duration } = span as unknown as { _duration: HrTime };
  return _duration[1] % MS === 0;
}

/** No span is empty, and the parent has the child. */
function assertInside(child: ReadableSpan, parent: ReadableSpan): void {
  const times = [start(parent), start(child), end(child), end(parent)];
  assertEquals(times, times.toSorted((a, b) => a < b ? -1 : a > b ? 1 : 0));
}

for (const sdk of SDKS) {
  const line = `with line ${sdk.line} of the SDK`;

  for (const seconds of [HOUR, -HOUR]) {
    test(
      `clockSpanProcessor() has the wall clock set by ${seconds} s, ${line}`,
      inWorld((world) => {
        const { tracer, spans } = traced(sdk, world);
        const before = world.time;
        const root = tracer.startSpan("root");
        world.pass(3 * MS + 7);
        const early = tracer.startSpan("early", {}, below(root));
        world.pass(5 * MS + 11);
        world.setWall(seconds);
        const late = tracer.startSpan("late", {}, below(root));
        world.pass(7 * MS + 13);
        late.addEvent("event");
        late.recordException(new Error("test"));
        world.pass(MS + 17);
        late.end();
        early.end();
        root.end();
        const after = world.time;
        const next = tracer.startSpan("next");
        world.pass(MS + 19);
        next.end();

        const [rootSpan, earlySpan, lateSpan, nextSpan] = ["root", "early", "late", "next"]
          .map((name) => named(spans, name)) as [Exported, Exported, Exported, Exported];
        assertNear(start(rootSpan), before);
        assertNear(nanoseconds(rootSpan.duration), BigInt(16 * MS + 48));
        assertNear(nanoseconds(earlySpan.duration), BigInt(13 * MS + 41));
        assertNear(nanoseconds(lateSpan.duration), BigInt(8 * MS + 30));
        for (const span of spans) assertEquals(end(span) - start(span), nanoseconds(span.duration));
        for (const child of [earlySpan, lateSpan]) assertInside(child, rootSpan);
        assertEquals(lateSpan.events.map(({ name }) => name), ["event", "exception"]);
        for (const { time } of lateSpan.events) {
          assertNear(nanoseconds(time), start(lateSpan) + BigInt(7 * MS + 13));
          assert(nanoseconds(time) <= end(lateSpan));
        }
        assertNear(start(nextSpan), after); // another trace has the clock as it was set
        assertNear(nanoseconds(nextSpan.duration), BigInt(MS + 19));
      }),
    );
  }

  test(
    `clockSpanProcessor() begins anew where the parent is remote, ${line}`,
    inWorld((world) => {
      const { tracer, spans } = traced(sdk, world);
      const root = tracer.startSpan("root");
      world.setWall(HOUR);
      const remote = trace.setSpanContext(ROOT_CONTEXT, { ...root.spanContext(), isRemote: true });
      const time = world.time;
      tracer.startSpan("served", {}, remote).end();
      assertNear(start(named(spans, "served")), time);
    }),
  );

  test(
    `clockSpanProcessor() leaves the times that were given, ${line}`,
    inWorld((world) => {
      const { tracer, spans } = traced(sdk, world);
      const seconds = Number(world.time / 1_000_000_000n);
      for (
        const [startTime, endTime] of [
          [[seconds - 9, 123], [seconds - 8, 456]],
          [new Date((seconds - 9) * 1000), new Date((seconds - 8) * 1000 + 5)],
          [(seconds - 9) * 1000, (seconds - 8) * 1000 + 5],
          [[seconds - 9, 123], [seconds + 9, 456]], // from the past to the future
        ] as [[number, number], [number, number]][]
      ) {
        const span = tracer.startSpan("given", { startTime });
        world.pass(MS / 2);
        span.addEvent("early", [seconds - 9, 200]);
        span.addEvent("now");
        span.end(endTime);
        const given = spans.at(-1) as Exported;
        const hr = (time: Date | number | [number, number]) =>
          Array.isArray(time) ? time : [Math.floor(+time / 1000), (+time % 1000) * MS];
        assertEquals(given.startTime, hr(startTime) as [number, number]);
        assertEquals(given.endTime, hr(endTime) as [number, number]);
        assertEquals(given.events[0]?.time, [seconds - 9, 200]);
      }
    }),
  );

  test(
    `clockSpanProcessor() leaves given ends and events in a span, ${line}`,
    inWorld((world) => {
      const { tracer, spans } = traced(sdk, world);
      const began = Date.now();
      const span = tracer.startSpan("given");
      world.pass(40 * MS + 7);
      const seconds = Number(world.time / 1_000_000_000n);
      const given = [began + 20, new Date(began + 21), [seconds + 9, 77]] as const;
      span.addEvent("ms", given[0]);
      span.addEvent("date", { some: "attribute" }, given[1]);
      span.addEvent("future", [...given[2]] as [number, number]);
      const own = hrTime(); // of the real clock, so that it is far away
      span.addEvent("own", own);
      span.end(began + 30);
      const [exported] = spans as [Exported];
      const ms = (time: number) => BigInt(time) * BigInt(MS);
      assertEquals(
        exported.events.map(({ time }) => nanoseconds(time)),
        [
          ms(began + 20),
          ms(began + 21),
          nanoseconds(given[2] as [number, number]),
          nanoseconds(own),
        ],
      );
      assertEquals(end(exported), ms(began + 30));
      assertEquals(nanoseconds(exported.duration), end(exported) - start(exported));
    }),
  );

  test(`clockSpanProcessor() knows the times of hrTime(), ${line}`, () => {
    const { processor, spans } = collector();
    const tracer = sdk.provider(clockSpanProcessor(processor)).getTracer("tests");
    for (let i = 0; i < 100; i++) {
      const span = tracer.startSpan("span");
      const [event, last] = [hrTime(), hrTime()];
      span.addEvent("event", event);
      span.addEvent("later");
      span.end(last);
      const exported = spans.at(-1) as Exported;
      assertEquals([exported.events[0]?.time, exported.endTime], [event, last]);
      assert(start(exported) <= nanoseconds(event));
    }
  });

  test(
    `clockSpanProcessor() gives the end of a span with a given start, ${line}`,
    inWorld((world) => {
      const { tracer, spans } = traced(sdk, world);
      const root = tracer.startSpan("root");
      world.setWall(HOUR);
      const startTime = Date.now() - 50;
      const span = tracer.startSpan("given", { startTime }, below(root));
      world.pass(3 * MS + 7);
      const time = world.time;
      world.setWall(HOUR); // the SDK has an hour more
      span.end();
      const [exported] = spans as [Exported];
      assertEquals(start(exported), BigInt(startTime) * BigInt(MS));
      assertNear(end(exported), time);
    }),
  );

  test(`clockSpanProcessor() passes on all that a span has, ${line}`, () => {
    const { processor, spans } = collector();
    const originals: ReadableSpan[] = [];
    const both: SpanProcessor = {
      ...processor,
      onStart: (span) => void originals.push(span),
    };
    const tracer = sdk.provider(clockSpanProcessor(both)).getTracer("tests");
    const root = tracer.startSpan("root");
    const span = tracer.startSpan("span", {
      kind: 2,
      attributes: { a: 1 },
      links: [{ context: root.spanContext(), attributes: { l: "x" } }],
    }, below(root));
    span.setAttribute("b", ["c", "d"]).setStatus({ code: 2, message: "bad" }).updateName("renamed");
    span.addEvent("event", { e: true });
    span.end();
    const [exported] = spans as [Exported];
    assertEquals(exported.name, "renamed");
    assertEquals(exported.kind, 2);
    assertEquals(exported.attributes, { a: 1, b: ["c", "d"] });
    assertEquals(exported.links[0]?.context.spanId, root.spanContext().spanId);
    assertEquals(exported.links[0]?.attributes, { l: "x" });
    assertEquals(exported.status, { code: 2, message: "bad" });
    const [event] = exported.events;
    assertEquals({ ...event, time: undefined } as unknown, {
      ...originals[1]?.events[0],
      time: undefined,
    });
    assertEquals(
      exported.parentSpanId ?? exported.parentSpanContext?.spanId,
      root.spanContext().spanId,
    );
    assertEquals((exported.instrumentationLibrary ?? exported.instrumentationScope)?.name, "tests");
    // Whatever else there is: all that the span or its class has, but for the times and the methods.
    const original = originals[1] as ReadableSpan;
    const times = ["startTime", "endTime", "duration", "events"];
    const { constructor: { prototype } } = original as { constructor: { prototype: object } };
    const accessors = Object.entries(Object.getOwnPropertyDescriptors(prototype))
      .filter(([, { get }]) => get).map(([name]) => name);
    const names = [...Object.keys(original), ...accessors].filter((name) => !times.includes(name));
    assertGreater(names.length, 15);
    const [from, to] = [original, exported] as unknown as Record<string, unknown>[];
    for (const name of names) assert(Object.is(from?.[name], to?.[name]), name);
    assertEquals(exported.spanContext(), original.spanContext());
    assertEquals(exported.ended, true);
  });

  for (const kind of ["simple", "batch"] as const) {
    test(`clockSpanProcessor() feeds the ${kind} span processor, ${line}`, async () => {
      const { processor, spans } = sdk[kind]();
      const provider = sdk.provider(processor);
      const tracer = provider.getTracer("tests");
      const before = hrTime();
      const root = tracer.startSpan("root");
      tracer.startSpan("child", {}, below(root)).end();
      root.end();
      const after = hrTime();
      await provider.forceFlush();
      const [child, parent] = spans() as [Exported, Exported];
      assertEquals([child.name, parent.name], ["child", "root"]);
      assertInside(child, parent);
      assert(nanoseconds(before) <= start(parent) && end(parent) <= nanoseconds(after));
      await provider.shutdown();
      tracer.startSpan("late").end();
      await processor.forceFlush();
      assert(!spans().some(({ name }) => name === "late"));
    });
  }

  test(`${SPANS} spans are in order, ${line}`, () => {
    const { processor, spans } = collector();
    const tracer = sdk.provider(clockSpanProcessor(processor)).getTracer("tests");
    let last = 0n;
    for (let i = 0; i < SPANS / 4; i++) {
      const root = tracer.startSpan("root");
      const child = tracer.startSpan("child", {}, below(root));
      tracer.startSpan("grandchild", {}, below(child)).end();
      child.end();
      tracer.startSpan("child", {}, below(root)).end();
      root.end();
      const [grandchild, first, second, parent] = spans.splice(0) as Exported[] as [
        Exported,
        Exported,
        Exported,
        Exported,
      ];
      // A length in whole milliseconds, one in a million, looks as if the end were given.
      if ([grandchild, first, second, parent].some(hasWholeLength)) continue;
      assertInside(grandchild, first);
      assertInside(first, parent);
      assertInside(second, parent);
      assert(end(first) < start(second));
      assert(last < start(parent), `trace ${i} begins before the last one has ended`);
      last = end(parent);
    }
  });
}

test(
  "clockSpanProcessor() knows a start without the SDK's mark",
  inWorld((world) => {
    const { processor, spans } = collector();
    const corrected = processorOn(world.clocks, new Anchors(world.clocks), processor);
    const context = { getValue: () => undefined };
    const ms = (time: bigint) => time / 1_000_000n;
    const hr = (time: bigint): [number, number] => [
      Number(time / 1_000_000_000n),
      Number(time % 1_000_000_000n),
    ];
    const began = world.time;
    const now = hr(ms(began) * 1_000_000n);
    const span = (startTime: [number, number]) => ({
      name: "old",
      spanContext: () => ({ traceId: "1", spanId: "2" }),
      startTime,
      endTime: startTime,
      duration: [0, 0] as [number, number],
      ended: true,
      events: [],
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    });
    const starts = [now, hr(began - 7_000_000_000n), [now[0], now[1] + 1], [now[0] - 1, now[1]]];
    for (const time of starts as [number, number][]) {
      const old = span(time);
      corrected.onStart(old, context);
      corrected.onEnd(old);
    }
    assertNear(start(spans[0] as Exported), began);
    assertEquals(spans.slice(1).map(({ startTime }) => startTime), starts.slice(1) as never);
  }),
);

test("clockSpanProcessor() passes spans through where no clock may be read", () => {
  const { processor, spans } = collector();
  let time = NaN;
  const clocks = {
    now: () => time,
    wall: (): HrTime => {
      throw new Error("forbidden");
    },
    resolution: () => 1,
  };
  const corrected = processorOn(clocks, new Anchors(clocks), processor);
  const [sdk] = SDKS.slice(-1) as [Sdk];
  const originals: ReadableSpan[] = [];
  const tracer = sdk.provider({
    ...corrected,
    onStart(span, context) {
      originals.push(span);
      corrected.onStart(span, context);
    },
  }).getTracer("tests");
  const span = tracer.startSpan("span");
  time = 1;
  span.end();
  assert(spans[0] === originals[0]);
});

test("clockSpanProcessor() forwards onEnding() to those that have it", () => {
  const { processor } = collector();
  assertEquals("onEnding" in clockSpanProcessor(processor), false);
  const ending: string[] = [];
  const [sdk] = SDKS.slice(-1) as [Sdk];
  const next = { ...processor, onEnding: ({ name }: ReadableSpan) => void ending.push(name) };
  sdk.provider(clockSpanProcessor(next)).getTracer("tests").startSpan("span").end();
  assertEquals(ending, ["span"]);
});

test("clockSpanProcessor() passes on what forceFlush() and shutdown() reject with", async () => {
  const rejecting = (name: string) => () => Promise.reject(new Error(name));
  const corrected = clockSpanProcessor({
    ...collector().processor,
    forceFlush: rejecting("flush"),
    shutdown: rejecting("shutdown"),
  });
  assertEquals(await corrected.forceFlush().catch(({ message }) => message), "flush");
  assertEquals(await corrected.shutdown().catch(({ message }) => message), "shutdown");
});

test("clockSpanProcessor() wants a span processor", () => {
  for (
    const [next, message] of [
      [undefined, "onStart"],
      [{}, "onStart"],
      [{ ...collector().processor, onEnd: 5 }, "a method onEnd(), got 5"],
      [{ ...collector().processor, shutdown: null }, "a method shutdown(), got null"],
    ] as const
  ) assertThrows(() => clockSpanProcessor(next as never), TypeError, message);
});

test(
  "a span costs the processor no more than a few readings of clocks",
  inWorld((world) => {
    const { tracer } = traced(SDKS[2] as Sdk, world);
    tracer.startSpan("first").end();
    const before = world.now;
    const root = tracer.startSpan("root");
    tracer.startSpan("child", {}, below(root)).end();
    root.end();
    // The SDK reads three a span; a local root reads three of ours, a child two.
    assertLess(world.now - before, 100 * 15);
  }),
);
