import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { inspectContainer } from "../platforms/docker/client.ts";

interface OutageParts {
  /** The container that goes down. */
  of: string;
  /** Down from when this one is made anew until it is made anew once more: its update, and not its way back. */
  during: string;
}

/** Takes a container away in the middle of an update, and brings it back for the way back. */
export class Outage {
  readonly #docker: Docker;
  readonly #parts: OutageParts;
  #watching: Promise<void> | undefined;
  #isOver = false;

  constructor(docker: Docker, parts: OutageParts) {
    this.#docker = docker;
    this.#parts = parts;
  }

  begin(): void {
    this.#watching = this.#watch();
  }

  /** Whatever came of it, the container runs again. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#watching;
    const container = this.#docker.getContainer(this.#parts.of);
    if (!(await container.inspect()).State.Running) await container.start();
  }

  async #watch(): Promise<void> {
    const container = this.#docker.getContainer(this.#parts.of);
    const seen = new Set<string>();
    while (!this.#isOver && seen.size < 3) {
      const id = (await inspectContainer(this.#docker, this.#parts.during))?.Id;
      if (id !== undefined && !seen.has(id)) {
        seen.add(id);
        if (seen.size === 2) await container.stop({ t: 5 });
        if (seen.size === 3) await container.start();
      }
      await sleep(500);
    }
  }
}
