import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { freePort } from "../../demo/free-port.ts";
import { ControlPlaneClient } from "../../platforms/clawforce/client.ts";
import { dockerClient, inspectContainer } from "../../platforms/docker/client.ts";
import { openHttp } from "../../platforms/docker/http.ts";
import { waitHealthy } from "../../platforms/docker/lifecycle.ts";
import type { HttpClient } from "../../platforms/http.ts";
import type { ControlPlaneVersion } from "../../toolchain/images/control-plane-versions.ts";
import { dockerCommand } from "./docker-command.ts";
import type { Parts } from "./parts.ts";
import { removeAllWith } from "./removal.ts";
import { partsOfThisRun, until } from "./world.ts";
import { standInHealth } from "./world-settings.ts";

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
  version?: ControlPlaneVersion;
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
  await until("the stand-in listens", async () => standIn.printed().includes("listens on port"), 120);
  return standIn;
}

/** Asks a stand-in with another client than ours: Node in its own container. */
export async function askStandIn(
  container: string,
  account: { username: string; password: string },
  call: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const script = `
    const [method, path, body, account] = process.argv.slice(1);
    const base = "http://127.0.0.1:8000/api/v1";
    const login = await fetch(base + "/auth/login", { method: "POST", body: account });
    const headers = { cookie: login.headers.get("set-cookie").split(";")[0] };
    const answer = await fetch(base + path, { method, headers, ...(body && { body }) });
    const text = await answer.text();
    console.log(JSON.stringify({ status: answer.status, body: text && JSON.parse(text) }));`;
  const [method = "", path = ""] = call.split(" ");
  const argv = ["exec", container, "node", "--input-type=module", "-e", script, method, path];
  const sent = body === undefined ? "" : JSON.stringify(body);
  const printed = await dockerCommand(...argv, sent, JSON.stringify(account));
  return JSON.parse(printed) as { status: number; body: unknown };
}

/** A stand-in in a container with the Docker socket, and the instances that it makes: names that no other test shares. */
export class ControlPlaneWorld {
  readonly parts: Parts;
  readonly docker: Docker;
  readonly name: string;
  readonly folder: string;
  #http: HttpClient | undefined;

  private constructor(parts: Parts, folder: string) {
    this.parts = parts;
    this.folder = folder;
    this.name = `cp${randomBytes(4).toString("hex")}`;
    this.docker = dockerClient(parts.dockerHost);
  }

  static async create(version: ControlPlaneVersion, environment: Record<string, string> = {}) {
    const parts = await partsOfThisRun();
    const world = new ControlPlaneWorld(parts, await mkdtemp(join(tmpdir(), "clawforce-managed-")));
    await world.docker.createNetwork({ Name: world.name });
    try {
      await world.run(version, environment);
    } catch (error) {
      await world.destroy();
      throw error;
    }
    return world;
  }

  /** The volume of its data. */
  get volume(): string {
    return `${this.name}-data`;
  }

  /** A new container of the stand-in on the same data, in place of the one before. */
  async run(version: ControlPlaneVersion, environment: Record<string, string> = {}): Promise<void> {
    if ((await inspectContainer(this.docker, this.name)) !== undefined) {
      await this.docker.getContainer(this.name).stop();
      await this.docker.getContainer(this.name).remove();
    }
    const variables = {
      STAND_IN_NETWORK: this.name,
      STAND_IN_PREFIX: this.name,
      STAND_IN_ADMIN_PASSWORD: administrator.password,
      ...environment,
    };
    const container = await this.docker.createContainer({
      name: this.name,
      Image: this.parts.images.controlPlane[version],
      Healthcheck: { Test: ["CMD", ...standInHealth], Interval: 2e9, Timeout: 60e9, Retries: 20 },
      Env: Object.entries(variables).map(([key, value]) => `${key}=${value}`),
      HostConfig: {
        Binds: [
          `${this.volume}:/app/data`,
          `${new URL(this.parts.dockerHost).pathname}:/var/run/docker.sock`,
        ],
        NetworkMode: this.name,
      },
    });
    await container.start();
    await waitHealthy(this.docker, this.name, 180);
  }

  /** The client under test, through a probe: nothing is published. */
  async client(): Promise<ControlPlaneClient> {
    await this.#http?.close();
    this.#http = await openHttp(this.docker, {
      image: this.parts.images.tools,
      label: `${this.name}/api`,
      networkMode: `container:${this.name}`,
      url: "http://127.0.0.1:8000",
    });
    return new ControlPlaneClient(this.#http, administrator);
  }

  ask(call: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    return askStandIn(this.name, administrator, call, body);
  }

  /** Asks a fixture in an instance. */
  async gateway(instance: string, path: string, body?: unknown): Promise<unknown> {
    const script = `
      const [path, body] = process.argv.slice(1);
      const answer = await fetch("http://127.0.0.1:18789" + path, body ? { method: "POST", body } : {});
      console.log(JSON.stringify(await answer.json()));`;
    const argv = ["exec", instance, "node", "--input-type=module", "-e", script, path];
    return JSON.parse(await dockerCommand(...argv, body === undefined ? "" : JSON.stringify(body)));
  }

  /** Puts a switch of the fixture into an instance's state. */
  async setSwitch(instance: string, file: string, text: string): Promise<void> {
    const script = "require('node:fs').writeFileSync(process.argv[1], process.argv[2])";
    await dockerCommand("exec", instance, "node", "-e", script, `/home/node/.openclaw/${file}`, text);
  }

  /** Has the stand-in make an instance, and waits until it runs. Returns the name of its container. */
  async createInstance(suffix: string, settings: Record<string, unknown> = {}): Promise<string> {
    const display = `${this.name} ${suffix}`;
    const made = await this.ask("POST /instances", { display_name: display, team_id: 1, ...settings });
    const { id, name } = made.body as { id: number; name: string };
    await until(
      `${name} runs`,
      async () => {
        const { body } = await this.ask(`GET /instances/${id}`);
        return (body as { status: string }).status === "running";
      },
      180,
    );
    return name;
  }

  /** Removes all that this world has started, found by its name alone. */
  async destroy(): Promise<void> {
    await this.#http?.close().catch(() => {});
    await removeAllWith(this.name, this.docker);
    await rm(this.folder, { recursive: true });
  }
}
