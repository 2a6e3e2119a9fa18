import { Stream, type StreamCounts, streamLines } from "../../demo/stream.ts";
import type { World } from "./world.ts";
import { hostOf } from "./world-settings.ts";

/** Sixty requests a second over all workloads of a world and one WebSocket to each, while `work` is done. */
export async function underStream(
  world: World,
  port: number,
  work: (stream: Stream) => Promise<void>,
  address = "127.0.0.1",
): Promise<Record<string, StreamCounts>> {
  const stream = new Stream({
    address,
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
