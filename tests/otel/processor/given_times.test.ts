/** Starts, ends and events of spans whose times somebody gives. */
// npm test: bun, node26 (one of each engine)
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { Anchors } from "../../../otel/anchor.ts";
import { hrTime } from "../../../otel/mod.ts";
import { clockSpanProcessor, processorOn } from "../../../otel/processor.ts";
import { collector, type Exported, nanoseconds, SDKS } from "../sdks.ts";
import { assertNear, below, end, HOUR, MS, start, traced } from "../spans.ts";
import { inWorld } from "../world.ts";

const hrOf = (time: bigint): [number, number] => [
  Number(time / 1_000_000_000n),
  Number(time % 1_000_000_000n),
];

for (const sdk of SDKS) {
  const line = `with line ${sdk.line} of the SDK`;

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
}

for (const sdk of SDKS) {
  const line = `with line ${sdk.line} of the SDK`;

  for (const seconds of [0, HOUR, -HOUR]) {
    test(
      `clockSpanProcessor() gives the end of a short span, the wall clock set by ${seconds} s, ${line}`,
      inWorld((world) => {
        const { tracer, spans } = traced(sdk, world);
        for (let i = 0; i < 20; i++) {
          // Some end in the millisecond in which they began, some in another.
          const length = 50_000 + i * 100_001;
          const startTime = hrOf(world.time);
          const span = tracer.startSpan("short", { startTime });
          world.pass(length);
          if (i === 10) world.setWall(seconds);
          span.end();
          const exported = spans.at(-1) as Exported;
          assertEquals(exported.startTime, startTime);
          assertNear(nanoseconds(exported.duration), BigInt(length));
        }
      }),
    );
  }

  test(
    `clockSpanProcessor() leaves a span without a length where its times say so, ${line}`,
    inWorld((world) => {
      const { tracer, spans } = traced(sdk, world);
      const time = hrOf(world.time);
      const own = hrTime();
      const before = tracer.startSpan("before", { startTime: time });
      world.pass(3 * MS);
      before.end([...time]);
      tracer.startSpan("own", { startTime: own }).end(own);
      const future = tracer.startSpan("future", { startTime: [time[0] + 9, 1] });
      world.pass(MS);
      future.end();
      assertEquals(
        spans.map(({ startTime, endTime, duration }) => [startTime, endTime, duration]),
        [time, own, [time[0] + 9, 1]].map((time) => [time, time, [0, 0]]) as never,
      );
    }),
  );
}

test(
  "clockSpanProcessor() knows a start without the SDK's mark",
  inWorld((world) => {
    const { processor, spans } = collector();
    const corrected = processorOn(world.clocks, new Anchors(world.clocks), processor);
    const context = { getValue: () => undefined };
    const ms = (time: bigint) => time / 1_000_000n;
    const began = world.time;
    const now = hrOf(ms(began) * 1_000_000n);
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
    const starts = [now, hrOf(began - 7_000_000_000n), [now[0], now[1] + 1], [now[0] - 1, now[1]]];
    for (const time of starts as [number, number][]) {
      const old = span(time);
      corrected.onStart(old, context);
      corrected.onEnd(old);
    }
    assertNear(start(spans[0] as Exported), began);
    assertEquals(spans.slice(1).map(({ startTime }) => startTime), starts.slice(1) as never);
  }),
);
