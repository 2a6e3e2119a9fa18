import { createServer } from "node:net";
import { Stream, type StreamCounts, streamLines } from "../../demo/stream.ts";
import type { World } from "./world.ts";
import { hostOf } from "./world-settings.ts";

/** A port of this machine that nothing listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") {
    throw new Error("the machine gives no port");
  }
  return address.port;
}

/** Sixty requests a second over all workloads of a world and one WebSocket to each, while `work` is done. */
export async function underStream(
  world: World,
  port: number,
  work: (stream: Stream) => Promise<void>,
): Promise<Record<string, StreamCounts>> {
  const stream = new Stream({
    address: "127.0.0.1",
    port,
    rate: 60,
    timeout: 600,
    targets: world.instances.map((name) => ({
      workload: name,
      host: hostOf(name),
      path: "/version",
      version: "version",
      webSocket: "/echo",
    })),
  });
  stream.start();
  try {
    await work(stream);
  } catch (error) {
    await stream.stop();
    throw error;
  }
  const counts = await stream.stop();
  process.stdout.write(`${streamLines(counts).join("\n")}\n`);
  return counts;
}
