import { execInContainer } from "../docker/exec.ts";
import { oneShotLabel } from "../docker/one-shot.ts";
import type { WorkloadContext } from "../workload.ts";

export interface HttpAnswer {
  status: number;
  body: string;
}

/** Sends requests from inside the workload's own network namespace: reachable on any Docker host, published or not. */
export interface Probe {
  get(path: string, port: number, deadline: number): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** For curl's standard input: a token may not stand in an argument. */
function bearer(token: string): string {
  return `header = "Authorization: Bearer ${token}"\n`;
}

/** A probe ends by itself after this many seconds, should its run be killed. */
const lifetime = 3600;

export async function openProbe(context: WorkloadContext): Promise<Probe> {
  const { docker, workload, secrets } = context;
  const container = await docker.createContainer({
    Image: workload.snapshots.image,
    Entrypoint: [],
    Cmd: ["sleep", String(lifetime)],
    User: "65534:65534",
    Labels: { [oneShotLabel]: `${workload.name}/probe`, "clawforce.purpose": "probe" },
    HostConfig: { NetworkMode: `container:${workload.container}`, AutoRemove: true, Init: true },
  });
  await container.start();
  return {
    async get(path, port, deadline) {
      const url = `http://127.0.0.1:${port}${path}`;
      const result = await execInContainer(
        docker,
        container.id,
        ["curl", "-sS", "--max-time", String(deadline), "-w", "\n%{http_code}", "--config", "-", url],
        { deadline: deadline + 5, stdin: workload.track === "runtime" ? bearer(secrets.gatewayToken) : "" },
      );
      if (result.exitCode !== 0) {
        throw new Error(`no answer (${result.stderr.trim()})`);
      }
      const cut = result.stdout.lastIndexOf("\n");
      return { status: Number(result.stdout.slice(cut + 1)), body: result.stdout.slice(0, cut) };
    },
    async close() {
      await container.remove({ force: true });
    },
  };
}
