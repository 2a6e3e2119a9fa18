import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fieldOf, parsedJson } from "../../config/json.ts";
import type { Cluster } from "./cluster.ts";
import type { Pod } from "./objects.ts";
import { lastEnd, statusOf } from "./pod-health.ts";

/** What is seen of the end of a pod's first container: its object, and with it the exit code, goes with the pod. */
export interface WatchedEnd {
  /** Undefined: nobody has told. */
  exitCode(): number | undefined;
  close(): void;
}

/** Of a program that was killed. */
export const killedCode = 137;

/** How a program has ended that was stopped: where nobody has told, by the seconds that it took of those that it had. */
export function stoppedCode(end: number | undefined, took: number, grace: number): number {
  return end ?? (took >= grace ? killedCode : 0);
}

/** What asks Kubernetes for so many seconds: with zero it would take the pod out of the list while it still runs. */
export function gracePeriod(grace: number): number {
  return Math.max(1, Math.ceil(grace));
}

export function watchEnd(cluster: Cluster, pod: Pod): WatchedEnd {
  let code: number | undefined;
  let stream: IncomingMessage | undefined;
  let closed = false;
  const container = pod.spec.containers[0]?.name ?? "";
  const follow = async () => {
    for (; !closed && code === undefined; await sleep(200)) {
      stream = await cluster.stream({
        path: cluster.in("v1", "pods"),
        query: { watch: true, fieldSelector: `metadata.name=${pod.metadata.name}`, timeoutSeconds: 300 },
      });
      if (closed) stream.destroy();
      for await (const seen of podsIn(stream)) {
        if (seen.metadata.uid !== pod.metadata.uid) continue;
        const terminated = lastEnd({ ...statusOf(seen, container), name: container, lastState: {} });
        code = terminated?.exitCode ?? code;
      }
    }
  };
  // It only adds to what is known anyway: whether the pod is gone is asked for by itself.
  follow().catch(() => {});
  return {
    exitCode: () => code,
    close: () => {
      closed = true;
      stream?.destroy();
    },
  };
}

async function* podsIn(stream: AsyncIterable<unknown>): AsyncGenerator<Pod> {
  let rest = "";
  for await (const chunk of stream) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const object = fieldOf(parsedJson(line), "object") as Pod | undefined;
      if (object?.metadata?.name !== undefined) yield object;
    }
  }
}
