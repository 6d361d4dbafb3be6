// npm test: node26 (pure computation)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { isIterator, isThenable } from "../../bench/results.ts";

const generator = function* () {
  yield 1;
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const thrower = {
  get then() {
    throw new Error("on purpose");
  },
};

test("isThenable() knows what can be awaited", () => {
  const thenables: unknown[] = [
    Promise.resolve(),
    { then() {} },
    Object.assign(() => {}, { then() {} }),
  ];
  const others: unknown[] = [null, undefined, 1, "then", {}, { then: 1 }, generator(), thrower];
  for (const value of thenables) assertEquals(isThenable(value), true);
  for (const value of [...others, revoked.proxy]) assertEquals(isThenable(value), false);
});

test("isIterator() knows iterators from what can be iterated", () => {
  const asyncGenerator = async function* () {
    yield await Promise.resolve(1);
  };
  const iterators = [generator(), asyncGenerator(), new Set().values(), "a"[Symbol.iterator]()];
  const others: unknown[] = [null, 1, "a", [1], new Map(), { next() {} }, generator];
  for (const value of iterators) assertEquals(isIterator(value), true);
  for (const value of [...others, revoked.proxy]) assertEquals(isIterator(value), false);
});
