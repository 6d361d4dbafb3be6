/**
 * The rules of a row, as a map that shares with other rows all that is the same there.
 *
 * One byte of an image can make a row of 256 rules. A map for each row would take thousands of bytes
 * for it. Here a change copies the few nodes on the way to its register.
 *
 * @module
 */
import type { UnwindRule } from "./types.ts";

/**
 * A node of a tree. The octal digits of a register's number, lowest first, lead from the root to
 * its rule: to register 0o12 by branch 2 of the root, and by branch 1 of the node found there.
 */
interface Node {
  readonly rule: UnwindRule | undefined;
  readonly branches: readonly (Node | undefined)[];
}

const EMPTY: Node = { rule: undefined, branches: [] };

/** Rules by register number. It never changes; iteration is by rising number. */
export class Rules implements ReadonlyMap<number, UnwindRule> {
  static readonly NONE: Rules = new Rules(EMPTY, 0);

  readonly size: number;
  readonly #root: Node;

  private constructor(root: Node, size: number) {
    this.#root = root;
    this.size = size;
  }

  /** The same rules except one register; without a rule for it if `rule` is undefined. */
  with(register: number, rule: UnwindRule | undefined): Rules {
    const before = this.get(register);
    if (rule === before) return this;
    const change = Number(rule !== undefined) - Number(before !== undefined);
    return new Rules(changed(this.#root, register, rule) ?? EMPTY, this.size + change);
  }

  get(register: number): UnwindRule | undefined {
    let node: Node | undefined = this.#root;
    for (let rest = register; node !== undefined && rest !== 0; rest = Math.floor(rest / 8)) {
      node = node.branches[rest % 8];
    }
    return node?.rule;
  }

  has(register: number): boolean {
    return this.get(register) !== undefined;
  }

  entries(): MapIterator<[number, UnwindRule]> {
    return this.#copy().entries();
  }

  keys(): MapIterator<number> {
    return this.#copy().keys();
  }

  values(): MapIterator<UnwindRule> {
    return this.#copy().values();
  }

  [Symbol.iterator](): MapIterator<[number, UnwindRule]> {
    return this.entries();
  }

  forEach(
    visit: (rule: UnwindRule, register: number, rules: ReadonlyMap<number, UnwindRule>) => void,
    thisArg?: unknown,
  ): void {
    for (const [register, rule] of this) visit.call(thisArg, rule, register, this);
  }

  /** What console.log() shows instead of the tree. */
  [Symbol.for("nodejs.util.inspect.custom")](): ReadonlyMap<number, UnwindRule> {
    return this.#copy();
  }

  #copy(): Map<number, UnwindRule> {
    const found: [number, UnwindRule][] = [];
    collect(this.#root, 0, 1, found);
    return new Map(found.sort(([a], [b]) => a - b));
  }
}

/** The node with this rule at the end of the digits of `rest`; undefined if no rule is left. */
function changed(node: Node, rest: number, rule: UnwindRule | undefined): Node | undefined {
  if (rest === 0) return orNothing({ rule, branches: node.branches });
  const branches = [...node.branches];
  const digit = rest % 8;
  branches[digit] = changed(branches[digit] ?? EMPTY, Math.floor(rest / 8), rule);
  return orNothing({ rule: node.rule, branches });
}

function orNothing(node: Node): Node | undefined {
  return node.rule !== undefined || node.branches.some(Boolean) ? node : undefined;
}

/** @param weight what a digit counts here: 1, 8, 64, ... */
function collect(node: Node, register: number, weight: number, into: [number, UnwindRule][]): void {
  if (node.rule !== undefined) into.push([register, node.rule]);
  node.branches.forEach((branch, digit) => {
    if (branch !== undefined) collect(branch, register + digit * weight, weight * 8, into);
  });
}
