// npm test: bun, node26 (one of each engine)
import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { test } from "node:test";
import { Anchors } from "../../otel/anchor.ts";
import { type HrTime, hrTime, type ReadableSpan, type SpanProcessor } from "../../otel/mod.ts";
import { clockSpanProcessor, processorOn } from "../../otel/processor.ts";
import { full } from "../support.ts";
import { collector, type Exported, nanoseconds, type Sdk, SDKS } from "./sdks.ts";
import { assertNear, below, end, HOUR, MS, named, start, traced } from "./spans.ts";
import { inWorld } from "./world.ts";

const SPANS = full ? 100_000 : 5000;

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
