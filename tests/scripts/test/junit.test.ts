import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseJUnit } from "../../../scripts/test/junit.ts";

const parse = (xml: string) =>
  parseJUnit(xml).map(({ name, outcome, seconds }) => [name, outcome, seconds]);

test("parseJUnit() reads what node --test writes", () => {
  assertEquals(
    parse(`<?xml version="1.0" encoding="utf-8"?>
<testsuites>
	<testcase name="a > b &amp;quot;quoted&amp;quot;" time="0.5" classname="test"/>
	<testcase name="skips" time="0.25" classname="test">
		<skipped type="skipped" message="no &lt;gcc>"/>
	</testcase>
	<testcase name="fails" time="2" classname="test" file="/x.ts" failure="&lt;x> a='b'">
		<failure type="testCodeFailure" message="boom &lt;x>">
[Error: &lt;testcase name="no" time="1"/>] {}
		</failure>
	</testcase>
	<testsuite name="suite" time="1" disabled="0" errors="0" tests="1" failures="0" skipped="0">
		<testcase name="inner" time="0.125" classname="suite"/>
	</testsuite>
	<!-- <testcase name="said by a test" time="1"/> -->
	<!-- tests 4 -->
</testsuites>
`),
    [
      ['a > b "quoted"', "passed", 0.5],
      ["skips", "skipped", 0.25],
      ["fails", "failed", 2],
      ["inner", "passed", 0.125],
    ],
  );
});

test("parseJUnit() reads the file of a test where it is said", () => {
  const xml = `<testcase name="a" time="1" file="/x &amp; y.ts"/><testcase name="b" time="1"/>`;
  assertEquals(parseJUnit(xml).map(({ file }) => file), ["/x & y.ts", ""]);
});

test("parseJUnit() reads what deno test writes", () => {
  assertEquals(
    parse(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="3" failures="1" errors="0" time="0.010">
    <testsuite name="./tests/x.test.ts" tests="3" disabled="1" errors="0" failures="1">
        <testcase name="passes" classname="./tests/x.test.ts" time="0.001" line="2" col="1">
        </testcase>
        <testcase name="skips" classname="./tests/x.test.ts" time="0.000" line="3" col="1">
            <skipped/>
        </testcase>
        <testcase name="fails &quot;it&apos;s&quot;" classname="./tests/x.test.ts" time="1.500">
            <failure message="Uncaught Error: boom">Error: boom &lt;x&gt;
    at file:///x.ts:6:38</failure>
        </testcase>
    </testsuite>
</testsuites>
`),
    [["passes", "passed", 0.001], ["skips", "skipped", 0], [`fails "it's"`, "failed", 1.5]],
  );
});

test("parseJUnit() reads what bun test writes", () => {
  assertEquals(
    parse(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="3" assertions="0" failures="1" skipped="1" time="0.02">
  <testsuite name="x.test.ts" file="x.test.ts" tests="3" assertions="0" failures="1" skipped="1">
    <testcase name="passes" classname="" time="0.5" file="x.test.ts" line="2" assertions="0" />
    <testcase name="todo" classname="" time="0" file="x.test.ts" line="4" assertions="0">
      <skipped message="TODO" />
    </testcase>
    <testcase name="fails" classname="" time="1" file="x.test.ts" line="6" assertions="0">
      <failure type="Error" message="boom">Error: boom&#10;      at x.test.ts:6:42&#x0a;</failure>
    </testcase>
  </testsuite>
</testsuites>`),
    [["passes", "passed", 0.5], ["todo", "skipped", 0], ["fails", "failed", 1]],
  );
});

test("parseJUnit() has what comes before a break, and nothing of nothing", () => {
  const cut = `<testsuites>\n<testcase name="whole" time="1"/>\n<testcase name="cut" time="1">`;
  assertEquals(parse(cut), [["whole", "passed", 1]]);
  assertEquals(parse(""), []);
});
