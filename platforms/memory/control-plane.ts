import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { Header } from "tar";
import type { ControlPlane, InstanceRoom, ManagedInstance, ManagedState } from "../control-plane.ts";
import type { ControlPlaneApi, Task } from "../control-plane-api.ts";
import type { MemoryPlatform } from "./platform.ts";

/** What the control plane's own database says of an instance, and what stands in its volume. */
interface Row {
  /** Null follows the default. */
  image: string | null;
  status: string;
  state: string;
}

/** What becomes of an image that is started on a state; undefined: it serves, and leaves the state as it was. */
export type Start = (image: string, state: string) => { fails?: true; state?: string } | undefined;

/** A control plane whose instances are units of a platform in memory. What is done to them is told there, in its order. */
export class MemoryControlPlane implements ControlPlane {
  readonly rows = new Map<string, Row>();
  readonly tasks: Task[] = [];
  readonly settings: Record<string, unknown> = {};
  starts: Start = () => undefined;
  room: InstanceRoom = {
    free: { state: 1e12, docker: 1e12 },
    device: { state: 1, docker: 1 },
    stateUsed: 100,
  };
  readonly #platform: MemoryPlatform;
  #backups = 0;

  constructor(platform: MemoryPlatform) {
    this.#platform = platform;
  }

  /** Reference without a digest -> what it is on the host. */
  readonly tags = new Map<string, string>();

  /** Makes an instance that has served this image all the time. */
  make(name: string, image: string, { statePath, state }: { statePath: string; state: string }): void {
    this.rows.set(name, { image, status: "running", state });
    const mounts = [{ from: { volume: `${name}-home` }, at: statePath, writable: true }];
    this.#platform.run(name, image, { managedBy: "clawforce", mounts });
  }

  open<T>(_work: (api: ControlPlaneApi) => Promise<T>): Promise<T> {
    return Promise.reject(new Error("nobody has said what the control plane answers"));
  }

  async instance<T>(name: string, work: (instance: ManagedInstance) => Promise<T>): Promise<T> {
    return work(this.#instance(name));
  }

  #instance(name: string): ManagedInstance {
    const platform = this.#platform;
    const row = () => this.rows.get(name) ?? missing(`the control plane has no instance ${name}`);
    return {
      name,
      controlPlane: { activeTasks: async () => this.tasks, settings: async () => this.settings },
      read: async (): Promise<ManagedState> => {
        const container = platform.units.get(name);
        return {
          status: row().status,
          containerImage: row().image,
          liveImageInfo: container === undefined ? null : `${container.image} (${container.imageId})`,
          container,
        };
      },
      fetch: async (reference) => ({ how: await platform.fetch(reference), imageId: reference }),
      setImage: async (image) => {
        if (row().image === image) return "none";
        await platform.do(`set ${name} to ${image ?? "the default"}`);
        row().image = image;
        return "api";
      },
      restart: async () => {
        await platform.do(`restart ${name}`);
        const unit = platform.units.get(name) ?? missing(`${name} has no container`);
        const image =
          row().image ?? String(this.settings.default_container_image ?? this.settings.default_agent_image);
        const became = this.starts(image, row().state);
        row().state = became?.state ?? row().state;
        row().status = became?.fails === true ? "error" : "running";
        const health = became?.fails === true ? "unhealthy" : "healthy";
        const imageId = this.tags.get(image) ?? image;
        platform.run(name, image, { managedBy: "clawforce", mounts: unit.mounts, health, imageId });
        return { answered: true };
      },
      start: () => platform.start(name),
      stop: async () => void (await platform.stop(name)),
      backUp: async (_paths, folder) => {
        await platform.do(`back up ${name}`);
        this.#backups += 1;
        const file = join(folder, `${name}-${this.#backups}.tar.gz`);
        const at = platform.units.get(name)?.mounts[0]?.at ?? "";
        await mkdir(folder, { recursive: true });
        await writeFile(file, archiveOf(`${at}/openclaw.json`, row().state));
        return { id: this.#backups, file };
      },
      room: async () => this.room,
      copyState: async ({ statePath }, file) => {
        await platform.do(`copy the state of ${name}`);
        await writeFile(file, archiveOf(`${statePath}/openclaw.json`, row().state));
      },
      fillState: async (_state, { file }) => {
        await platform.do(`fill the state of ${name}`);
        row().state = contentOf(await readFile(file));
      },
      describe: (error) => platform.describe(error),
    };
  }
}

/** An archive with one file, not compressed: one of nothing is told by its size. */
function archiveOf(path: string, content: string): Buffer {
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  const header = new Header({
    path: path.replace(/^\//, ""),
    size: content.length,
    mode: 0o600,
    type: "File",
  });
  header.encode();
  return gzipSync(Buffer.concat([header.block ?? Buffer.alloc(0), body, Buffer.alloc(1024)]), { level: 0 });
}

function contentOf(archive: Buffer): string {
  const tar = gunzipSync(archive);
  return tar.toString("utf8", 512, 512 + (new Header(tar).size ?? 0));
}

function missing(what: string): never {
  throw new Error(what);
}
