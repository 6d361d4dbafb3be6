/**
 * Tells a child's messages from everything else on its standard output.
 *
 * @module
 */
import type { ChildMessage } from "./child.ts";
import { parseMessage } from "./message_shape.ts";

/** Who wants to know of what. */
export interface MessageListener {
  /** Called with each message. */
  onMessage(message: ChildMessage): void;
  /** Called with each other line that is not empty: messages come with empty ones. */
  onLine(line: string): void;
  /** Called with what begins as a message does, and is none. */
  onBroken(text: string): void;
}

/**
 * Of a line, so many characters are kept: messages come in shorter ones, and a program may print without
 * end.
 */
const LONGEST_LINE = 10_000;

/** Takes the output as it comes. */
export class MessageReader {
  readonly #token: string;
  readonly #listener: MessageListener;
  #rest = "";
  #isCut = false;
  #pieces = "";

  constructor(token: string, listener: MessageListener) {
    this.#token = token;
    this.#listener = listener;
  }

  /** More of it. */
  take(text: string): void {
    const [first = "", ...others] = text.split("\n");
    this.#append(first);
    for (const part of others) {
      this.#line(this.#isCut ? `${this.#rest}...` : this.#rest);
      this.#rest = "";
      this.#isCut = false;
      this.#append(part);
    }
  }

  /** There will be no more. */
  end(): void {
    this.take("\n");
  }

  #append(text: string): void {
    const room = LONGEST_LINE - this.#rest.length;
    if (text.length > room) this.#isCut = true;
    this.#rest += text.slice(0, room);
  }

  #line(line: string): void {
    const start = this.#token.length;
    const [mark, piece] = [line[start], line.slice(start + 1)];
    if (!line.startsWith(this.#token) || (mark !== "+" && mark !== ".")) {
      if (line !== "") this.#listener.onLine(line);
      return;
    }
    this.#pieces += piece;
    if (mark === "+") return; // to be continued
    const text = this.#pieces;
    this.#pieces = "";
    const message = parseMessage(text);
    if (message) this.#listener.onMessage(message);
    else this.#listener.onBroken(text);
  }
}
