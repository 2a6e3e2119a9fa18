import type { ApiAccess, ControlPlane, ManagedInstance } from "../control-plane.ts";
import type { DockerHost } from "../docker/access.ts";
import { dockerClient } from "../docker/client.ts";
import { OperationFailure } from "../failure.ts";
import type { Platform } from "../platform.ts";
import type { ControlPlaneClient } from "./client.ts";

/** Clawforce, and the instances that it makes: those of a Docker host. */
export class ClawforceControlPlane implements ControlPlane {
  readonly #access: ApiAccess;
  readonly #platform: Platform;
  readonly #host: DockerHost | undefined;

  /** @param host - where it makes its instances; undefined: elsewhere, and nothing is known of them here. */
  constructor(access: ApiAccess, platform: Platform, host: DockerHost | undefined) {
    this.#access = access;
    this.#platform = platform;
    this.#host = host;
  }

  async open<T>(work: (client: ControlPlaneClient) => Promise<T>, unit?: string): Promise<T> {
    const { container, port, username, password, deadline, image, workload } = this.#access;
    const http = await this.#platform.openHttp({
      image,
      workload: `${workload}/api`,
      unit: unit ?? container,
      url: `http://127.0.0.1:${port}`,
    });
    // Loaded when it is first needed: most programs of a stack with a control plane get by without.
    const { ControlPlaneClient } = await import("./client.ts");
    const client = new ControlPlaneClient(
      http,
      { username, password },
      deadline === undefined ? {} : { deadline },
    );
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }

  async instance<T>(name: string, work: (instance: ManagedInstance) => Promise<T>): Promise<T> {
    const host = this.#host;
    if (host === undefined) {
      throw new OperationFailure(`${name}: instances of a control plane are moved on Docker hosts alone.`);
    }
    return this.open(async (client) => {
      const { ClawforceInstance } = await import("./instance.ts");
      return work(new ClawforceInstance(name, client, this.#platform, dockerClient(host.host, host)));
    });
  }
}
