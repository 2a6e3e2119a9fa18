import type { ControlPlane, ManagedInstance } from "../control-plane.ts";
import { clientFor, type DockerHostOf } from "../docker/client.ts";
import type { Platform } from "../platform.ts";
import type { Account, ControlPlaneClient } from "./client.ts";

/** Where the API of a control plane is, and who we are there. */
interface ApiAccess extends Account {
  /** Name of the control plane's container. */
  container: string;
  port: number;
  /** Seconds for one call; undefined: the client's own. */
  deadline?: number;
  /** Image with curl. */
  image: string;
  /** The workload that it is asked for. */
  workload: string;
}

/** Clawforce on a Docker host, as the instances that it makes. */
export class ClawforceControlPlane implements ControlPlane {
  readonly #access: ApiAccess;
  readonly #platform: Platform;
  readonly #host: DockerHostOf;

  constructor(access: ApiAccess, platform: Platform, host: DockerHostOf) {
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

  instance<T>(name: string, work: (instance: ManagedInstance) => Promise<T>): Promise<T> {
    return this.open(async (client) => {
      const { ClawforceInstance } = await import("./instance.ts");
      return work(new ClawforceInstance(name, client, this.#platform, clientFor(this.#host)));
    });
  }
}
