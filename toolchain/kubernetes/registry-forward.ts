import { connect, createServer, type Server } from "node:net";

/** The registry listens for this machine alone; the node gets to it through the machine's end of the link. */
export async function forwardRegistry(registry: string, host: string): Promise<Server> {
  const [name = "", port = ""] = registry.split(":");
  const server = createServer((from) => {
    const to = connect(Number(port), name);
    from.pipe(to).pipe(from);
    from.on("error", () => to.destroy());
    to.on("error", () => from.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(Number(port), host, resolve);
  });
  return server;
}
