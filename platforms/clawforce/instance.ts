import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type Docker from "dockerode";
import type {
  InstanceRoom,
  InstanceState,
  ManagedInstance,
  ManagedState,
  SetImageBy,
} from "../control-plane.ts";
import { inspectImage } from "../docker/image.ts";
import { OperationFailure } from "../failure.ts";
import type { Platform, Unit } from "../platform.ts";
import { until } from "../until.ts";
import { backUp } from "./backup.ts";
import { type ControlPlaneClient, UnknownOutcome } from "./client.ts";
import { setImage } from "./image.ts";
import { measureRoom } from "./room.ts";
import { runBesideInstance } from "./volumes.ts";

/** Seconds that a copy of a whole state may take, in either direction. */
const copyDeadline = 3600;

/** Seconds: the control plane gives the gateway 30 to end. */
const stopDeadline = 60;

/** An instance of Clawforce: changed through its API, and what really runs is read on its Docker host. */
export class ClawforceInstance implements ManagedInstance {
  readonly name: string;
  readonly controlPlane: ControlPlaneClient;
  readonly #platform: Platform;
  readonly #docker: Docker;
  #id: number | undefined;

  constructor(name: string, controlPlane: ControlPlaneClient, platform: Platform, docker: Docker) {
    this.name = name;
    this.controlPlane = controlPlane;
    this.#platform = platform;
    this.#docker = docker;
  }

  async read(): Promise<ManagedState> {
    const row = await this.controlPlane.instanceNamed(this.name);
    return {
      status: row.status,
      containerImage: row.container_image ?? null,
      liveImageInfo: row.live_image_info ?? null,
      container: await this.#container(),
    };
  }

  async fetch(reference: string): Promise<{ how: "present" | "pulled"; imageId: string }> {
    const how = await this.#platform.fetch(reference);
    return { how, imageId: (await inspectImage(this.#docker, reference))?.Id ?? "" };
  }

  async setImage(image: string | null, by: SetImageBy): Promise<"api" | "database" | "none"> {
    const row = {
      id: await this.#row(),
      name: this.name,
      client: this.controlPlane,
      platform: this.#platform,
      current: async () => (await this.read()).containerImage,
    };
    return setImage(row, image, by);
  }

  async restart(): Promise<{ answered: boolean }> {
    return answered(this.controlPlane.restart(await this.#row()));
  }

  async start(): Promise<void> {
    await answered(this.controlPlane.start(await this.#row()));
  }

  async stop(): Promise<void> {
    await answered(this.controlPlane.stop(await this.#row()));
    await until(
      async () => {
        const found = await this.#platform.unit(this.name);
        const runs = found?.running === true || found?.status === "restarting";
        return runs ? { waitsFor: "its end" } : { found: undefined };
      },
      {
        deadline: stopDeadline,
        interval: 0.3,
        late: () =>
          new OperationFailure(
            `${this.name} still runs ${stopDeadline} s after it was stopped: nothing was restored. Look at it in the control plane.`,
          ),
      },
    );
  }

  async backUp(paths: readonly string[], folder: string): Promise<{ id: number; file: string }> {
    return backUp(this.controlPlane, { name: this.name, id: await this.#row() }, paths, folder);
  }

  room(state: InstanceState): Promise<InstanceRoom> {
    return measureRoom(this.#docker, this.name, state);
  }

  copyState({ statePath, tools: image }: InstanceState, output: string): Promise<void> {
    return runBesideInstance(this.#docker, this.name, {
      purpose: "copy of the state that is wiped",
      image,
      argv: ["tar", "czf", "-", "-C", "/", "--numeric-owner", "--", statePath.replace(/^\/+/, "")],
      readOnly: true,
      output,
      deadline: copyDeadline,
    });
  }

  async fillState(
    { statePath, tools: image }: InstanceState,
    { file, sha256 }: { file: string; sha256: string },
  ): Promise<void> {
    const script = await readFile(new URL("./restore.sh", import.meta.url), "utf8");
    await runBesideInstance(this.#docker, this.name, {
      purpose: "restore of the state",
      image,
      argv: ["bash", "-c", script, "restore", sha256, statePath],
      readOnly: false,
      input: createReadStream(file),
      deadline: copyDeadline,
    });
  }

  describe(error: unknown): string {
    return this.#platform.describe(error);
  }

  /** The number of its row, which stays. */
  async #row(): Promise<number> {
    this.#id ??= (await this.controlPlane.instanceNamed(this.name)).id;
    return this.#id;
  }

  async #container(): Promise<Unit | undefined> {
    const found = await this.#platform.unit(this.name);
    if (found === undefined) return undefined;
    if (found.managedBy === undefined) {
      throw new OperationFailure(
        `${this.name} is a container that no control plane manages (it has no label managed-by): it is not touched. ` +
          "Name the instance as the control plane does, or take `managed` out of its group.",
      );
    }
    return { ...found, running: found.running && found.status !== "restarting" };
  }
}

/** A call whose outcome is looked at afterwards anyway. */
async function answered(call: Promise<void>): Promise<{ answered: boolean }> {
  try {
    await call;
    return { answered: true };
  } catch (error) {
    if (error instanceof UnknownOutcome) return { answered: false };
    throw error;
  }
}
