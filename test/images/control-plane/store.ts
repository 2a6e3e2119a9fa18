import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Environment } from "./environment.ts";

/** Step n brings schema n-1 to n. Schema 2 has a column without a default: code that knows only schema 1 can't write. */
const migrations: Readonly<Record<number, string>> = {
  1: `CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, password TEXT NOT NULL, role TEXT NOT NULL);
      CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
      CREATE TABLE instances (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL,
        status TEXT NOT NULL, status_message TEXT NOT NULL DEFAULT '', container_image TEXT, gateway_token TEXT NOT NULL,
        team_id INTEGER NOT NULL, env TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
      CREATE TABLE backups (id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id INTEGER NOT NULL, instance_name TEXT NOT NULL,
        status TEXT NOT NULL, file_path TEXT NOT NULL, paths TEXT NOT NULL, size_bytes INTEGER NOT NULL DEFAULT 0,
        error_message TEXT, note TEXT NOT NULL, created_at TEXT NOT NULL, completed_at TEXT);`,
  2: `CREATE TABLE moved (key TEXT PRIMARY KEY, value TEXT NOT NULL, changed_by TEXT NOT NULL);
      INSERT INTO moved SELECT key, value, 'before 1.5.0' FROM settings;
      DROP TABLE settings;
      ALTER TABLE moved RENAME TO settings;`,
};

export class SchemaTooNew extends Error {}

export type Row = Record<string, string | number | null>;

/** The database file, with the rollback journal that the real program insists on. */
export class Store {
  readonly #database: DatabaseSync;
  readonly #schema: number;

  constructor({ data, schema }: Environment, log: (line: string) => void) {
    this.#schema = schema;
    mkdirSync(data, { recursive: true, mode: 0o700 });
    this.#database = new DatabaseSync(join(data, "clawforce.db"));
    this.#database.exec("PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 5000");
    const found = Number(this.#database.prepare("PRAGMA user_version").get()?.user_version);
    if (found > schema) {
      this.#database.close();
      throw new SchemaTooNew(`database schema ${found} is newer than ${schema}: refusing to start`);
    }
    for (let next = found + 1; next <= schema; next += 1) {
      this.#database.exec(`BEGIN; ${migrations[next]}; PRAGMA user_version = ${next}; COMMIT`);
      log(`database schema ${next - 1} -> ${next}`);
    }
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#database.prepare(sql).all(...values) as Row[];
  }

  one(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.all(sql, ...values)[0];
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).lastInsertRowid);
  }

  settings(): Record<string, string> {
    const rows = this.all("SELECT key, value FROM settings ORDER BY key");
    return Object.fromEntries(rows.map(({ key, value }) => [String(key), String(value)]));
  }

  setSetting(key: string, value: string): void {
    const columns =
      this.#schema === 1 ? "(key, value) VALUES (?, ?)" : "(key, value, changed_by) VALUES (?, ?, 'api')";
    this.run(
      `INSERT INTO settings ${columns} ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      key,
      value,
    );
  }

  close(): void {
    this.#database.close();
  }
}

export function now(): string {
  return new Date().toISOString();
}
