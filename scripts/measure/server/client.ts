/** A client that makes little noise: it counts bytes. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const REQUEST = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

export interface Client {
  /** Sends so many requests, each when the one before has been answered. */
  send(requests: number): Promise<void>;
  close(): void;
}

/** Connects to a server all of whose responses are of the same length. */
export async function connectTo(port: number): Promise<Client> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  socket.on("error", () => {}); // its close says as much
  const length = await lengthOfResponse(socket);
  return {
    async send(requests) {
      for (let sent = 0; sent < requests; sent++) {
        socket.write(REQUEST);
        await receive(socket, length);
      }
    },
    close: () => void socket.destroy(),
  };
}

async function lengthOfResponse(socket: Socket): Promise<number> {
  socket.write(REQUEST);
  let text = "";
  for (;;) {
    const [chunk] = await once(socket, "data") as [Buffer];
    text += chunk.toString("latin1");
    const head = text.indexOf("\r\n\r\n") + 4;
    const [, length] = /^content-length: *(\d+)/im.exec(text) ?? [];
    if (head < 4 || length === undefined) continue;
    if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(`Expected a response, got ${text}`);
    if (text.length === head + Number(length)) return text.length;
  }
}

/** Reads so many bytes, and not one more. */
function receive(socket: Socket, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = bytes;
    const onClose = () => reject(new Error(`The server hung up, with ${left} bytes to come`));
    if (socket.closed) return onClose(); // it says so once: what is idle for long is closed
    const onData = (chunk: Buffer) => {
      left -= chunk.length;
      if (left > 0) return;
      socket.off("data", onData).off("close", onClose);
      if (left === 0) resolve();
      else reject(new Error(`The server sent ${-left} bytes too many`));
    };
    socket.on("data", onData).once("close", onClose);
  });
}
