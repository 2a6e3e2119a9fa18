import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import type { Row, Store } from "./store.ts";

const sessionHours = 3;

/** Users in the database; their sessions in memory only, so every restart ends all of them. */
export class Accounts {
  readonly #store: Store;
  readonly #sessions = new Map<string, { user: number; until: number }>();

  constructor(store: Store) {
    this.#store = store;
  }

  setupRequired(): boolean {
    return this.#store.one("SELECT id FROM users") === undefined;
  }

  all(): Row[] {
    return this.#store.all("SELECT id, username, role FROM users ORDER BY id");
  }

  create(username: string, password: string, role: string): Row {
    const salt = randomBytes(16).toString("hex");
    const hash = scryptSync(password, salt, 32).toString("hex");
    this.#store.run(
      "INSERT INTO users (username, password, role) VALUES (?, ?, ?)",
      username,
      `scrypt:${salt}:${hash}`,
      role,
    );
    return this.#named(username) as Row;
  }

  /** The user and a new session's cookie, undefined for a wrong name or password. */
  login(username: string, password: string): { user: Row; cookie: string } | undefined {
    const user = this.#named(username);
    const [, salt = "", hash = ""] = String(user?.password ?? "").split(":");
    if (user === undefined) return undefined;
    if (!timingSafeEqual(scryptSync(password, salt, 32), Buffer.from(hash, "hex"))) return undefined;
    const token = randomBytes(24).toString("base64url");
    this.#sessions.set(token, { user: Number(user.id), until: Date.now() + sessionHours * 3_600_000 });
    const cookie = `clawforce_session=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${sessionHours * 3600}`;
    return { user, cookie };
  }

  userOf(cookies: string | undefined): Row | undefined {
    const token = /(?:^|;\s*)clawforce_session=([^;]+)/.exec(cookies ?? "")?.[1] ?? "";
    const session = this.#sessions.get(token);
    if (session === undefined || session.until < Date.now()) return undefined;
    return this.#store.one("SELECT id, username, role FROM users WHERE id = ?", session.user);
  }

  #named(username: string): Row | undefined {
    return this.#store.one("SELECT * FROM users WHERE username = ?", username);
  }
}
