import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Environment } from "./environment.ts";
import { autoMigration, migrations, settingsTable } from "./migrations.ts";
import { decrypted, encrypted, masked, newKey } from "./secrets.ts";

/** Kept encrypted, and shown as no more than their last characters. */
const secretSettings: readonly string[] = ["brave_api_key"];
/** The key that encrypts them: a row among the settings that no answer shows. */
const keySetting = "fernet_key";

export type Row = Record<string, string | number | null>;

/** The database file, with the rollback journal that the real program insists on. */
export class Store {
  readonly #database: DatabaseSync;
  readonly #settings: string;

  constructor({ data, schema }: Environment, log: (line: string) => void) {
    this.#settings = settingsTable(schema);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    this.#database = new DatabaseSync(join(data, "clawforce.db"));
    this.#database.exec("PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 5000");
    this.#migrate(schema, log);
    this.#database.exec(autoMigration(schema));
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

  /** As the API shows them: a secret that does not decrypt is as empty as one that was never set. */
  settings(): Record<string, string> {
    const rows = this.all(`SELECT key, value FROM ${this.#settings} ORDER BY key`);
    return Object.fromEntries(
      rows
        .filter(({ key }) => key !== keySetting)
        .map(({ key, value }) => [
          String(key),
          secretSettings.includes(String(key))
            ? masked(decrypted(this.#key(), String(value)) ?? "")
            : String(value),
        ]),
    );
  }

  setSetting(key: string, value: string): void {
    this.#write(key, secretSettings.includes(key) && value !== "" ? encrypted(this.#key(), value) : value);
  }

  close(): void {
    this.#database.close();
  }

  /** Made when it is first needed, also by a version that has lost the one of before. */
  #key(): string {
    const found = this.one(`SELECT value FROM ${this.#settings} WHERE key = ?`, keySetting);
    if (found !== undefined) return String(found.value);
    const key = newKey();
    this.#write(keySetting, key);
    return key;
  }

  #write(key: string, value: string): void {
    const sql = `INSERT INTO ${this.#settings} (key, value) VALUES (?, ?)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
    this.run(sql, key, value);
  }

  /** A database that is ahead of this code is no reason to stop: there is nothing to run. */
  #migrate(schema: number, log: (line: string) => void): void {
    this.#database.exec(
      `CREATE TABLE IF NOT EXISTS goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL,
         is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));
       INSERT INTO goose_db_version (version_id, is_applied)
         SELECT 0, 1 WHERE NOT EXISTS (SELECT 1 FROM goose_db_version);`,
    );
    const found = Number(this.one("SELECT max(version_id) AS version FROM goose_db_version")?.version);
    for (let next = found + 1; next <= schema; next += 1) {
      const record = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (${next}, 1)`;
      this.#database.exec(`BEGIN; ${migrations[next]}; ${record}; COMMIT`);
      log(`goose: successfully migrated database to version: ${next}`);
    }
    if (found >= schema) log(`goose: no migrations to run. current version: ${found}`);
  }
}

export function now(): string {
  return new Date().toISOString();
}
