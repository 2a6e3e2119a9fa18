import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { until } from "./world.ts";

const program = join(import.meta.dirname, "../images/control-plane/server.ts");

/** The administrator of every stand-in of the tests. */
export const administrator = { username: "admin", password: "a password of the tests" };

export interface StandIn {
  child: ChildProcess;
  url: string;
  printed(): string;
  ended: Promise<number | null>;
}

export interface StandInOptions {
  data: string;
  version?: "1.4.1" | "1.4.2" | "1.5.0";
  environment?: Record<string, string>;
  /** Default: a free one. */
  port?: number;
}

/** The stand-in as a process of its own, without Docker. Ended by whoever started it. */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const { data, version, environment } = options;
  const port = options.port ?? (await freePort());
  const child = spawn(process.execPath, [program], {
    env: {
      STAND_IN_VERSION: version ?? "1.4.2",
      STAND_IN_PORT: String(port),
      STAND_IN_ADMIN_PASSWORD: administrator.password,
      CLAWFORCE_DATA_PATH: data,
      CLAWFORCE_DOCKER_HOST: `unix://${join(data, "no-docker.sock")}`,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  }
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, url: `http://127.0.0.1:${port}`, printed: () => text, ended };
}

export async function startReadyStandIn(options: StandInOptions): Promise<StandIn> {
  const standIn = await startStandIn(options);
  await until("the stand-in listens", async () => standIn.printed().includes("listens on port"));
  return standIn;
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
