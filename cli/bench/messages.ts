/**
 * Tells a child's messages from everything else on its standard output.
 *
 * @module
 */
import type { ChildMessage } from "./child.ts";

/** Takes the output as it comes. */
export class MessageReader {
  readonly #token: string;
  readonly #onMessage: (message: ChildMessage) => void;
  readonly #onLine: (line: string) => void;
  #rest = "";
  #pieces = "";

  /**
   * @param onMessage called with each message
   * @param onLine called with each other line that is not empty: messages come with empty ones
   */
  constructor(
    token: string,
    onMessage: (message: ChildMessage) => void,
    onLine: (line: string) => void,
  ) {
    this.#token = token;
    this.#onMessage = onMessage;
    this.#onLine = onLine;
  }

  /** More of it. */
  take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  /** There will be no more. */
  end(): void {
    this.take("\n");
  }

  #line(line: string): void {
    if (!line.startsWith(this.#token)) {
      if (line !== "") this.#onLine(line);
      return;
    }
    const start = this.#token.length;
    this.#pieces += line.slice(start + 1);
    if (line[start] === "+") return; // to be continued
    const message = JSON.parse(this.#pieces) as ChildMessage;
    this.#pieces = "";
    this.#onMessage(message);
  }
}
