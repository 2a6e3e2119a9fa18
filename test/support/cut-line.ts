import { connect, createServer, type Server, type Socket } from "node:net";

/** A line to a server that can be cut: then nothing answers at its own end either. */
export class CutLine {
  readonly #target: { host: string; port: number };
  readonly #open = new Set<Socket>();
  #server: Server | undefined;
  port = 0;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  async restore(): Promise<void> {
    const server = createServer((from) => {
      const to = connect(this.#target);
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        this.#open.add(one);
        one.pipe(other);
        one.on("error", () => other.destroy());
        one.on("close", () => this.#open.delete(one));
      }
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.port, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address === "object" && address !== null) this.port = address.port;
  }

  async cut(): Promise<void> {
    const server = this.#server;
    const closed = new Promise((resolve) =>
      server === undefined ? resolve(undefined) : server.close(resolve),
    );
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}
