import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below those that systems give to connections: one of these would take the port while its container is made anew. */
const [lowest, highest] = [20_000, 32_000];

/** A port of this machine, on 127.0.0.1, that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, highest);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
