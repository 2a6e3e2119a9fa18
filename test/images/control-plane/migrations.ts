/**
 * What brings a database forward, as goose does it: each step once, in its order, and on record in `goose_db_version`.
 * SQLite's `user_version` is not touched, as in the real program.
 */
export const migrations: Readonly<Record<number, string>> = {
  1: `CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, password TEXT NOT NULL, role TEXT NOT NULL);
      CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
      CREATE TABLE instances (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, display_name TEXT NOT NULL,
        status TEXT NOT NULL, status_message TEXT NOT NULL DEFAULT '', container_image TEXT, gateway_token TEXT NOT NULL,
        team_id INTEGER NOT NULL, env TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
      CREATE TABLE backups (id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id INTEGER NOT NULL, instance_name TEXT NOT NULL,
        status TEXT NOT NULL, file_path TEXT NOT NULL, paths TEXT NOT NULL, size_bytes INTEGER NOT NULL DEFAULT 0,
        error_message TEXT, note TEXT NOT NULL, created_at TEXT NOT NULL, completed_at TEXT);`,
  2: `CREATE TABLE settings_v2 (key TEXT PRIMARY KEY, value TEXT NOT NULL, changed_by TEXT NOT NULL DEFAULT 'api');
      INSERT INTO settings_v2 SELECT key, value, 'before 1.5.0' FROM settings;
      DROP TABLE settings;`,
};

/** The table that code of this schema keeps its settings in. */
export function settingsTable(schema: number): string {
  return schema === 1 ? "settings" : "settings_v2";
}

/**
 * What each start makes sure of, as GORM's AutoMigrate does: a table that its code expects and that is not there is made,
 * empty. So an old version comes up on a state that a newer one has moved, and has lost what was moved.
 */
export function autoMigration(schema: number): string {
  return `CREATE TABLE IF NOT EXISTS ${settingsTable(schema)} (key TEXT PRIMARY KEY, value TEXT NOT NULL);`;
}
