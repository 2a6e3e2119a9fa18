import { randomBytes } from "node:crypto";
import type { Engine } from "./engine.ts";
import type { Environment } from "./environment.ts";
import { now, type Row, type Store } from "./store.ts";
import type { Tasks } from "./tasks.ts";

/** The real one has no such label: cleaning up finds by it what a stand-in has left. */
const madeByStandIn = { "clawforce-fleet.test": "stand-in" };

/** An answer that is no success: `{"detail": ...}`. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

interface Live {
  State: { Running: boolean; Restarting: boolean; Health?: { Status: string } };
  Config: { Image: string };
  Image: string;
}

/** Seconds between SIGTERM and SIGKILL. */
const stopTimeout = 30;

/** The instances: rows in the database, and the containers that this control plane makes of them. */
export class Instances {
  readonly #environment: Environment;
  readonly #store: Store;
  readonly #engine: Engine;
  readonly #tasks: Tasks;

  constructor(parts: { environment: Environment; store: Store; engine: Engine; tasks: Tasks }) {
    this.#environment = parts.environment;
    this.#store = parts.store;
    this.#engine = parts.engine;
    this.#tasks = parts.tasks;
  }

  /** What was under way when the program ended is an error for ever: nothing takes it up again. */
  reconcile(): void {
    this.#store.run(
      "UPDATE instances SET status = 'error' WHERE status IN ('creating', 'restarting', 'stopping', 'deleting')",
    );
  }

  row(id: number): Row {
    const row = this.#store.one("SELECT * FROM instances WHERE id = ?", id);
    if (row === undefined) throw new Refusal(404, "Instance not found");
    return row;
  }

  async list(): Promise<unknown[]> {
    const rows = this.#store.all("SELECT * FROM instances ORDER BY id");
    return Promise.all(rows.map(async (row) => shown(row, await this.#live(row))));
  }

  async get(id: number): Promise<unknown> {
    const row = this.row(id);
    const live = await this.#live(row);
    const image = live && `${live.Config.Image} (${live.Image.slice(0, "sha256:".length + 12)})`;
    return { ...shown(row, live), live_image_info: image ?? null };
  }

  async create(body: Record<string, unknown>): Promise<unknown> {
    const display = body.display_name;
    if (typeof display !== "string" || display === "") throw new Refusal(400, "display_name is required");
    if (typeof body.team_id !== "number") throw new Refusal(400, "team_id is required");
    const slug = display
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "");
    const name = `bot-${slug}`.slice(0, 63);
    if (this.#store.one("SELECT id FROM instances WHERE name = ?", name))
      throw new Refusal(409, `${name} exists`);
    const image = typeof body.container_image === "string" ? body.container_image : null;
    const token = randomBytes(24).toString("hex");
    const variables = JSON.stringify(body.env_vars_set ?? {});
    const sql = `INSERT INTO instances (name, display_name, status, container_image, gateway_token, team_id, env,
      created_at, updated_at) VALUES (?, ?, 'creating', ?, ?, ?, ?, ?, ?)`;
    const id = this.#store.run(sql, name, display, image, token, body.team_id, variables, now(), now());
    this.#tasks.start({ type: "instance.create", instance: id, message: `Creating ${display}` }, async () => {
      try {
        const wanted = this.#imageOf(this.row(id));
        if ((await this.#engine.inspect("images", wanted)) === undefined) await this.#engine.pull(wanted);
        await this.#run(this.row(id), { userVariables: true });
        this.#set(id, "running");
      } catch (error) {
        this.#set(id, "error", (error as Error).message);
        throw error;
      }
    });
    return shown(this.row(id), undefined);
  }

  /** Upstream knows no `container_image` here: it answers 200 and keeps what it had. */
  async change(id: number, body: Record<string, unknown>): Promise<unknown> {
    this.row(id);
    if (typeof body.display_name === "string") {
      this.#store.run("UPDATE instances SET display_name = ? WHERE id = ?", body.display_name, id);
    }
    const image = body.container_image;
    if (this.#environment.imageApi && (typeof image === "string" || image === null)) {
      this.#store.run(
        "UPDATE instances SET container_image = ?, updated_at = ? WHERE id = ?",
        image,
        now(),
        id,
      );
    }
    return this.get(id);
  }

  async start(id: number): Promise<unknown> {
    const { name } = this.row(id);
    await this.#engine.call("POST", `/containers/${name}/start`);
    this.#set(id, "running");
    return { status: "running" };
  }

  async stop(id: number): Promise<unknown> {
    await this.#engine.call("POST", `/containers/${this.row(id).name}/stop?t=${stopTimeout}`);
    this.#set(id, "stopped");
    return { status: "stopping" };
  }

  /** A new container of the row's image, which has to be on the host: nothing is pulled. */
  async restart(id: number): Promise<unknown> {
    const row = this.row(id);
    this.#set(id, "restarting");
    const work = async () => {
      try {
        await this.#run(row, { userVariables: true });
        this.#set(id, "running");
      } catch (error) {
        this.#set(id, "error", (error as Error).message);
        throw error;
      }
    };
    this.#tasks.start(
      { type: "instance.restart", instance: id, message: `Restarting ${row.display_name}` },
      work,
    );
    return { status: "restarting" };
  }

  /**
   * Upstream's way to roll an image, faults included: refuses digests, drops the user's variables, and a pull that
   * fails leaves a succeeded task, a running instance and the old image.
   */
  async updateImage(id: number): Promise<unknown> {
    const row = this.row(id);
    const image = this.#imageOf(row);
    const live = await this.#live(row);
    if (live?.State.Running !== true) throw new Refusal(400, "Instance must be running to update image");
    if (image.includes("@sha256:")) {
      throw new Refusal(400, "Cannot update a digest-pinned image; use a tag-based image instead");
    }
    this.#set(id, "restarting");
    const kind = {
      type: "instance.image_update",
      instance: id,
      message: `Updating image for ${row.display_name}`,
    };
    this.#tasks.start(kind, async () => {
      try {
        await this.#engine.pull(image);
        await this.#run(row, { userVariables: false });
        this.#set(id, "running");
      } catch (error) {
        const stillThere = (await this.#live(row))?.State.Running === true;
        this.#set(id, stillThere ? "running" : "error", `Image update failed: ${(error as Error).message}`);
      }
    });
    return { status: "restarting" };
  }

  async remove(id: number): Promise<void> {
    const row = this.row(id);
    await this.#removeContainer(String(row.name));
    await this.#engine.call("DELETE", `/volumes/${this.#volume(row)}?force=1`);
    this.#store.run("DELETE FROM instances WHERE id = ?", id);
  }

  async #run(row: Row, { userVariables }: { userVariables: boolean }): Promise<void> {
    const { network, mount, gatewayPort } = this.#environment;
    const name = String(row.name);
    await this.#ensureNetwork(network);
    await this.#removeContainer(name);
    const variables = {
      ...(userVariables ? (JSON.parse(String(row.env)) as Record<string, string>) : {}),
      OPENCLAW_GATEWAY_TOKEN: row.gateway_token,
      OPENCLAW_GATEWAY_PORT: gatewayPort,
      CLAWFORCE_INSTANCE_ID: row.id,
    };
    const volume = { Name: this.#volume(row), Labels: madeByStandIn };
    await this.#engine.call("POST", "/volumes/create", volume);
    await this.#engine.call("POST", `/containers/create?name=${name}`, {
      Image: this.#imageOf(this.row(Number(row.id))),
      Hostname: name.replace(/^bot-/, ""),
      Labels: { "managed-by": "clawforce", instance: name, ...madeByStandIn },
      Env: Object.entries(variables).map(([key, value]) => `${key}=${value}`),
      StopTimeout: stopTimeout,
      HostConfig: {
        Binds: [`${this.#volume(row)}:${mount}`],
        NetworkMode: network,
        RestartPolicy: { Name: "unless-stopped" },
        Init: true,
      },
    });
    await this.#engine.call("POST", `/containers/${name}/start`);
  }

  async #removeContainer(name: string): Promise<void> {
    if ((await this.#engine.inspect("containers", name)) === undefined) return;
    await this.#engine.call("POST", `/containers/${name}/stop?t=${stopTimeout}`);
    await this.#engine.call("DELETE", `/containers/${name}?force=1`);
  }

  async #ensureNetwork(name: string): Promise<void> {
    if ((await this.#engine.inspect("networks", name)) !== undefined) return;
    const labels = { "managed-by": "clawforce" };
    await this.#engine.call("POST", "/networks/create", { Name: name, Driver: "bridge", Labels: labels });
  }

  #live({ name }: Row): Promise<Live | undefined> {
    return this.#engine.inspect("containers", String(name)).catch(() => undefined) as Promise<
      Live | undefined
    >;
  }

  #imageOf(row: Row): string {
    const { default_container_image: older, default_agent_image: newer } = this.#store.settings();
    const image = row.container_image ?? older ?? newer;
    if (image === undefined || image === "") throw new Refusal(400, "No container image configured");
    return String(image);
  }

  #volume({ name }: Row): string {
    return `${this.#environment.prefix}-${name}-home`;
  }

  #set(id: number, status: string, message = ""): void {
    const sql = "UPDATE instances SET status = ?, status_message = ?, updated_at = ? WHERE id = ?";
    this.#store.run(sql, status, message, now(), id);
  }
}

/** Shows `gateway_token` in plain text, as the real program does. */
function shown(row: Row, live: Live | undefined): Record<string, unknown> {
  const { env: _, ...fields } = row;
  return {
    ...fields,
    status: statusOf(String(row.status), live),
    has_image_override: row.container_image !== null,
  };
}

/** "running" says that a container runs, and nothing of the gateway in it. */
function statusOf(recorded: string, live: Live | undefined): string {
  if (["restarting", "creating", "error"].includes(recorded)) return recorded;
  if (live === undefined) return recorded === "running" ? "error" : recorded;
  if (live.State.Restarting) return "restarting";
  if (!live.State.Running) return "stopped";
  return live.State.Health?.Status === "starting" ? "creating" : "running";
}
