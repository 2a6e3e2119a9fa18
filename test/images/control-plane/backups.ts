import { createReadStream, createWriteStream, type ReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Engine } from "./engine.ts";
import type { Environment } from "./environment.ts";
import { type Instances, Refusal } from "./instances.ts";
import { now, type Row, type Store } from "./store.ts";
import type { Tasks } from "./tasks.ts";

/**
 * Upstream's way: whatever tar says is dropped and its exit code forced to 0, so a path that is not there still gives a
 * completed backup, with nothing in it.
 */
const script = 'tar czf - -C / -- "$@" 2>/dev/null; exit 0';

/** Archives of paths out of live containers. */
export class Backups {
  readonly #parts: {
    environment: Environment;
    store: Store;
    engine: Engine;
    tasks: Tasks;
    instances: Instances;
  };
  readonly #log: (line: string) => void;

  constructor(
    parts: { environment: Environment; store: Store; engine: Engine; tasks: Tasks; instances: Instances },
    log: (line: string) => void,
  ) {
    this.#parts = parts;
    this.#log = log;
  }

  reconcile(): void {
    this.#parts.store.run("UPDATE backups SET status = 'failed' WHERE status = 'running'");
  }

  row(id: number): Row {
    const row = this.#parts.store.one("SELECT * FROM backups WHERE id = ?", id);
    if (row === undefined) throw new Refusal(404, "Backup not found");
    return row;
  }

  page(query: URLSearchParams): unknown {
    const { store } = this.#parts;
    const [limit, offset] = [Number(query.get("limit") ?? 50), Number(query.get("offset") ?? 0)];
    const name = query.get("instance");
    const where = name === null ? "" : "WHERE instance_name = ?";
    const values = name === null ? [] : [name];
    const backups = store.all(
      `SELECT * FROM backups ${where} ORDER BY id DESC LIMIT ? OFFSET ?`,
      ...[...values, limit, offset],
    );
    return {
      backups,
      total: store.one(`SELECT count(*) AS n FROM backups ${where}`, ...values)?.n,
      limit,
      offset,
    };
  }

  ofInstance(id: number): Row[] {
    return this.#parts.store.all("SELECT * FROM backups WHERE instance_id = ? ORDER BY id DESC", id);
  }

  create(instanceId: number, body: Record<string, unknown>): unknown {
    const { store, tasks, instances, environment } = this.#parts;
    const instance = instances.row(instanceId);
    const paths = Array.isArray(body.paths) && body.paths.length > 0 ? body.paths.map(String) : ["HOME"];
    const note = typeof body.note === "string" ? body.note : "";
    const id = store.run(
      `INSERT INTO backups (instance_id, instance_name, status, file_path, paths, note, created_at)
       VALUES (?, ?, 'running', '', ?, ?, ?)`,
      ...[instanceId, String(instance.name), JSON.stringify(paths), note, now()],
    );
    const stamp = now()
      .replace(/[-:]|\..*/g, "")
      .replace("T", "-");
    const file = join(environment.backups, String(instance.name), `${instance.name}-${id}-${stamp}.tar.gz`);
    store.run("UPDATE backups SET file_path = ? WHERE id = ?", file, id);
    const kind = {
      type: "backup.create",
      instance: instanceId,
      resource: String(id),
      message: "Creating backup",
    };
    tasks.start(kind, async () => {
      try {
        await this.#archive(String(instance.name), paths, file);
        const sql = "UPDATE backups SET status = 'completed', size_bytes = ?, completed_at = ? WHERE id = ?";
        store.run(sql, (await stat(file)).size, now(), id);
      } catch (error) {
        const sql = "UPDATE backups SET status = 'failed', error_message = ? WHERE id = ?";
        store.run(sql, (error as Error).message, id);
        throw error;
      }
    });
    return { id, message: "Backup started" };
  }

  download(id: number): ReadStream {
    const { status, file_path: file } = this.row(id);
    if (status !== "completed") throw new Refusal(400, "Backup is not completed");
    return createReadStream(String(file));
  }

  /** Upstream answers 202 and ends the work with the request: nothing is restored, and no status tells. */
  restore(id: number): unknown {
    this.row(id);
    this.#log(`restore backup ${id} failed: context canceled`);
    return { message: "Restore started" };
  }

  async remove(id: number): Promise<void> {
    await rm(String(this.row(id).file_path), { force: true });
    this.#parts.store.run("DELETE FROM backups WHERE id = ?", id);
  }

  async #archive(container: string, paths: readonly string[], file: string): Promise<void> {
    const { home } = this.#parts.environment;
    const wanted = paths.map((path) =>
      (path === "HOME" ? home : path === "/" ? "." : path).replace(/^\/+/, ""),
    );
    await mkdir(join(file, ".."), { recursive: true, mode: 0o700 });
    const output = await this.#parts.engine.exec(container, ["sh", "-c", script, "sh", ...wanted]);
    await pipeline(output, createWriteStream(file, { mode: 0o600 }));
  }
}
