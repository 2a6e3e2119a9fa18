import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { DatabaseMarker, Markers } from "../../lifecycle/evidence/records.ts";
import { runScript } from "../../lifecycle/snapshot/repository.ts";
import { recordState } from "../../lifecycle/snapshot/state-read.ts";
import { copyStopped, takeHotSnapshot } from "../../lifecycle/snapshot/take.ts";
import type { Workload, WorkloadContext } from "../../lifecycle/workload.ts";
import { contextOf } from "../../operations/program.ts";
import { partsOfThisRun } from "../support/world.ts";

const image = `registry/openclaw:1@sha256:${"1".repeat(64)}`;

let folder: string;
let state: string;
let context: WorkloadContext;
let said: string[];

/** The snapshot scripts on a folder of this machine: what holds a lock here, holds it for the container beside it. */
beforeEach(async () => {
  const { dockerHost, images } = await partsOfThisRun();
  folder = await mkdtemp(join(tmpdir(), "clawforce-scripts-"));
  state = join(folder, "state");
  mkdirSync(state);
  said = [];
  const workload = {
    stack: "scripts",
    name: `scripts-${folder.slice(-6)}`,
    platform: { kind: "docker", host: dockerHost },
    state: { directory: state },
    snapshots: { repositories: join(folder, "repositories"), image: images.tools },
    ...{ drain: { budget: 0 }, stopGrace: 0 },
    evidenceDirectory: join(folder, "evidence"),
    evidenceKeys: { trustedKeys: [] },
  } as unknown as Workload;
  const secrets = { snapshotPassword: "secret", gatewayToken: "", controlPlanePassword: "" };
  context = { ...contextOf({ workload }, secrets), progress: (line) => said.push(line) };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function open(path: string): DatabaseSync {
  mkdirSync(dirname(join(state, path)), { recursive: true });
  const database = new DatabaseSync(join(state, path));
  onTestFinished(() => {
    if (database.isOpen) database.close();
  });
  return database;
}

/** A program that ends by SIGKILL, with a database open as `script` leaves it. */
async function killedWith(path: string, script: string): Promise<void> {
  const code = `const {DatabaseSync}=require("node:sqlite");const db=new DatabaseSync(process.argv[1]);${script};process.kill(process.pid,"SIGKILL")`;
  await promisify(execFile)(process.execPath, ["-e", code, join(state, path)]).catch(() => {});
}

const leaveWal =
  "db.exec('PRAGMA journal_mode=WAL; CREATE TABLE t (a); PRAGMA user_version=3');" +
  "for (let n=0;n<1000;n+=1) db.prepare('INSERT INTO t VALUES (?)').run(String(n).repeat(50))";
const leaveHotJournal =
  "db.exec('CREATE TABLE t (a); PRAGMA user_version=2; BEGIN');" +
  "for (let n=0;n<2000;n+=1) db.prepare('INSERT INTO t VALUES (?)').run(String(n).repeat(50));" +
  "db.exec(\"COMMIT; PRAGMA cache_size=5; BEGIN; UPDATE t SET a='y'||a\")";

/** A writer of files that are gone at once, and of databases among them, in a process of its own. Returns its end. */
function writeTemporaryFiles(): () => Promise<void> {
  const code = `
    const { mkdirSync, rmSync, writeFileSync } = require("node:fs");
    const { DatabaseSync } = require("node:sqlite");
    for (let n = 0; ; n += 1) {
      const names = Array.from({ length: 300 }, (_, k) => process.argv[1] + "/t" + n + "-" + k);
      for (const name of names) writeFileSync(name, "x".repeat(2000));
      const inner = process.argv[1] + "/folder" + n;
      mkdirSync(inner);
      const db = new DatabaseSync(inner + "/own.db");
      db.exec("CREATE TABLE t (a)");
      db.close();
      for (const name of names) rmSync(name);
      rmSync(inner, { recursive: true });
    }`;
  const child = spawn(process.execPath, ["-e", code, state], { stdio: "ignore" });
  const ended = once(child, "close");
  return async () => {
    child.kill("SIGKILL");
    await ended;
  };
}

/** The state lies on a disk of its own, of which the first block of this file is gone. */
async function onBrokenDisk(file: string, work: () => Promise<void>): Promise<void> {
  const run = promisify(execFile);
  const disk = join(folder, "disk");
  await run("truncate", ["--size", "8M", disk]);
  await run("mkfs.ext4", ["-q", "-O", "^has_journal,^extent,^64bit,^metadata_csum", disk]);
  await run("mount", ["-o", "loop", disk, state]);
  writeFileSync(join(state, file), "x".repeat(20_000));
  await run("umount", [state]);
  await run("debugfs", ["-w", "-R", `sif ${file} block[0] 99999999`, disk]);
  await run("mount", ["-o", "loop,errors=continue", disk, state]);
  try {
    await work();
  } finally {
    await run("umount", [state]);
  }
}

/** Restores a snapshot as a drill does. Returns where the state is then. */
async function restored(snapshot: string): Promise<string> {
  const scratch = join(folder, `scratch-${snapshot}`);
  mkdirSync(scratch);
  await runScript(context, {
    script: "restore-to-scratch",
    purpose: "restore",
    state: "none",
    arguments: [snapshot],
    scratch: [{ from: { directory: scratch }, at: "/state" }],
  });
  return scratch;
}

function rowsIn(root: string, path: string): unknown {
  const database = new DatabaseSync(join(root, path));
  try {
    return database.prepare("SELECT count(*) AS rows FROM t").get()?.rows;
  } finally {
    database.close();
  }
}

async function read(): Promise<Markers["databases"]> {
  const markers = await recordState(context, { image, container: "c" });
  expect(said).toEqual([]);
  return markers?.databases ?? {};
}

describe("a hot snapshot of a workload that serves", () => {
  it("is no failure for the files that go meanwhile", async () => {
    open("main.sqlite").exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    writeFileSync(join(state, "kept"), "kept");
    const endWriter = writeTemporaryFiles();
    let taken = "";
    try {
      for (let run = 0; run < 20 && !said.some((line) => line.includes("were gone")); run += 1) {
        taken = (await takeHotSnapshot(context, image)).snapshot;
      }
    } finally {
      await endWriter();
    }
    expect(said.at(-1)).toMatch(/^\d+ files were gone before they could be copied: they are in no snapshot$/);
    const scratch = await restored(taken);
    expect(rowsIn(scratch, "main.sqlite")).toBe(1);
    expect(existsSync(join(scratch, "kept"))).toBe(true);
  });

  it("is a failure for a file that is there and can't be read", async () => {
    await onBrokenDisk("unreadable", async () => {
      await expect(takeHotSnapshot(context, image)).rejects.toThrow(
        /the hot snapshot failed \(exit code 3, .*"item":"\/state\/unreadable"/s,
      );
    });
  });

  it("refuses a damaged database by its path, unless the stack file says that it may be damaged", async () => {
    const file = "workspace/leftover.db";
    open(file).exec("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(9000))");
    writeFileSync(join(state, file), Buffer.alloc(4000, 7), { flag: "r+" });
    const header = Buffer.from("SQLite format 3\0");
    writeFileSync(join(state, file), header, { flag: "r+" });
    await expect(takeHotSnapshot(context, image)).rejects.toThrow(
      /SQLite finds damage in the state of .*: workspace\/leftover\.db: .*`snapshots\.mayBeDamaged`/,
    );
    const { snapshots } = context.workload;
    const allowed = { ...snapshots, mayBeDamaged: ["workspace/*.db"] };
    const lenient = { ...context, workload: { ...context.workload, snapshots: allowed } };
    const { snapshot } = await takeHotSnapshot(lenient, image);
    expect(said.join("\n")).toContain("workspace/leftover.db is damaged, which the stack file allows");
    expect(readdirSync(join(await restored(snapshot), "workspace"))).toEqual(["leftover.db"]);
  });

  it("refuses what is mounted inside of the state, by its path, and a restore moves nothing of it", async () => {
    const { snapshot } = await takeHotSnapshot(context, image);
    const inside = join(state, "agents/my workspace");
    mkdirSync(inside, { recursive: true });
    await promisify(execFile)("mount", ["-t", "tmpfs", "none", inside]);
    try {
      writeFileSync(join(state, "kept"), "kept");
      const sentence = "something else is mounted inside of the state, at agents/my workspace";
      await expect(takeHotSnapshot(context, image)).rejects.toThrow(sentence);
      await expect(copyStopped(context, image, "cold")).rejects.toThrow(sentence);
      const restore: Parameters<typeof runScript>[1] = {
        script: "restore",
        purpose: "restore",
        state: "read-write",
        arguments: [snapshot],
      };
      await expect(runScript(context, restore)).rejects.toThrow(sentence);
      expect(readdirSync(state).toSorted()).toEqual(["agents", "kept"]);
    } finally {
      await promisify(execFile)("umount", [inside]);
    }
  });

  it("has each file once, whatever its name is, and so has the check of a cold one", async () => {
    const names = [
      "two\nlines",
      "tab\there",
      '"type":"file"',
      "back\\slash",
      "-rf",
      " ",
      "ü",
      "a.db\nb.sqlite",
    ];
    for (const name of names) writeFileSync(join(state, name), name);
    open("real\none.db").exec("PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    names.push("real\none.db", "real\none.db-shm", "real\none.db-wal");
    const hot = await takeHotSnapshot(context, image);
    const checked = await copyStopped(context, image, "cold");
    expect(checked.files).toBe(names.length);
    for (const each of [hot, checked]) expect(Object.keys(each.markers.databases)).toEqual(["real\none.db"]);
    // Its side files are in its copy already where it was copied while it was open.
    const copied = names.filter((name) => !/-(shm|wal)$/.test(name));
    expect(readdirSync(await restored(hot.snapshot)).toSorted()).toEqual(copied.toSorted());
    expect(readdirSync(await restored(checked.snapshot)).toSorted()).toEqual(names.toSorted());
    const { stdout } = await runScript(context, {
      script: "space",
      purpose: "look at free space",
      state: "read-only",
    });
    expect(stdout).toContain(`state-files\t${names.length}\n`);
  });

  it("waits for a lock that is held for 12 s, and not for those that a gateway holds as long as it runs", async () => {
    open("tmp/openclaw-1000/gateway.state.lock.sqlite").exec("CREATE TABLE t (a); BEGIN EXCLUSIVE");
    open("agents/main/session.lock.sqlite").exec("CREATE TABLE t (a); BEGIN EXCLUSIVE");
    const main = open("main.sqlite");
    main.exec("CREATE TABLE t (a); BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)");
    const released = new Promise<void>((resolve) => {
      setTimeout(() => {
        main.exec("COMMIT");
        resolve();
      }, 12_000);
    });
    const [{ snapshot, markers }] = await Promise.all([takeHotSnapshot(context, image), released]);
    expect(Object.keys(markers.databases)).toEqual(["main.sqlite"]);
    expect(rowsIn(await restored(snapshot), "main.sqlite")).toBe(1);
  });

  it("names a database whose lock does not end", async () => {
    open("memory/main.sqlite").exec("CREATE TABLE t (a); BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)");
    await expect(takeHotSnapshot(context, image)).rejects.toThrow(
      "memory/main.sqlite could not be copied: Error: database is locked",
    );
  });

  it("has what a killed program has left beside its databases, and leaves that as it is", async () => {
    await killedWith("wal.sqlite", leaveWal);
    rmSync(join(state, "wal.sqlite-shm"));
    await killedWith("both.sqlite", leaveWal);
    await killedWith("journal.sqlite", leaveHotJournal);
    const before = looks();
    expect(before).toMatchObject({
      "wal.sqlite-wal": expect.anything(),
      "journal.sqlite-journal": expect.anything(),
    });
    const { snapshot, markers } = await takeHotSnapshot(context, image);
    expect(versions(markers.databases)).toEqual({ "wal.sqlite": 3, "both.sqlite": 3, "journal.sqlite": 2 });
    expect(looks()).toEqual(before);
    const scratch = await restored(snapshot);
    expect(["wal", "both", "journal"].map((name) => rowsIn(scratch, `${name}.sqlite`))).toEqual([
      1000, 1000, 2000,
    ]);
  });
});

describe("what a version has made of its state", () => {
  it("is read beside the gateway that has it open, as after a kill, and as from a stopped one", async () => {
    const goose = open("claworc.db");
    goose.exec(
      "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY, version_id INTEGER, is_applied INTEGER, tstamp TIMESTAMP);" +
        "INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (11, 1)",
    );
    const live = open("state/openclaw.sqlite");
    live.exec("PRAGMA journal_mode=WAL; CREATE TABLE t (a); PRAGMA user_version=15");
    const closed = open("closed.sqlite");
    closed.exec("PRAGMA journal_mode=WAL; CREATE TABLE t (a); PRAGMA user_version=4");
    closed.close();
    await killedWith("wal.sqlite", leaveWal);
    rmSync(join(state, "wal.sqlite-shm"));
    await killedWith("journal.sqlite", leaveHotJournal);
    open("workspace/own.db").exec("CREATE TABLE t (a)");
    writeFileSync(join(state, "broken.sqlite"), `SQLite format 3\0${"x".repeat(4096)}`);
    writeFileSync(join(state, "openclaw.json"), `{ // by hand\n meta: { lastTouchedVersion: '2026.6.11' } }`);
    mkdirSync(join(state, "cron"));
    writeFileSync(join(state, "cron/jobs.json.migrated"), "[]");
    const before = looks();

    const served = await recordState(context, { image, container: "c" });
    expect(looks()).toEqual(before);
    expect(versions(served?.databases ?? {})).toEqual({
      "claworc.db": 0,
      "state/openclaw.sqlite": 15,
      "closed.sqlite": 4,
      "wal.sqlite": 3,
      "journal.sqlite": 2,
      "broken.sqlite": expect.stringContaining("file is not a database"),
    });
    expect(served).toMatchObject({
      databases: { "claworc.db": { migrations: { goose_db_version: { version: "11" } } } },
      archives: { "cron/jobs.json.migrated": expect.stringMatching(/^2 bytes of \d{4}-\d\d-\d\d\+/) },
      configVersion: "2026.6.11",
    });

    rmSync(join(state, "broken.sqlite"));
    delete served?.databases["broken.sqlite"];
    expect((await takeHotSnapshot(context, image)).markers).toEqual(served);
    goose.close();
    live.close();
    expect((await copyStopped(context, image, "cold")).markers).toEqual(served);
  });

  it("changes with a migration, with a column and with an index, and not with rows, a restart or VACUUM", async () => {
    const main = open("main.sqlite");
    main.exec(
      "CREATE TABLE schema_migrations (version INTEGER, dirty INTEGER); INSERT INTO schema_migrations VALUES (1, 0);" +
        "CREATE TABLE schema_meta (id TEXT, schema_version INTEGER, agent_id TEXT, app_version TEXT, updated_at TEXT);" +
        "INSERT INTO schema_meta VALUES ('primary', 1, 'main', '', '2026-01-01'); CREATE TABLE t (a)",
    );
    const first = await read();
    main.exec("INSERT INTO t VALUES (1); UPDATE schema_meta SET updated_at = '2026-02-02'; ANALYZE; VACUUM");
    expect(await read()).toEqual(first);
    const seen = [first];
    for (const change of [
      "UPDATE schema_migrations SET dirty = 1",
      "UPDATE schema_migrations SET dirty = 0, version = 2",
      "INSERT INTO schema_meta VALUES ('startup-migrations', 1, 'main', '2026.7.1-2', '')",
      "ALTER TABLE t ADD COLUMN b",
      "CREATE INDEX by_a ON t (a)",
      "DROP INDEX by_a",
    ]) {
      main.exec(change);
      seen.push(await read());
    }
    const texts = seen.map((databases) => JSON.stringify(databases));
    // The index that is gone again leaves what was there before.
    expect(texts.indexOf(texts.at(-1) ?? "")).toBe(4);
    expect(new Set(texts).size).toBe(6);
    expect(seen[1]).toMatchObject({
      "main.sqlite": { migrations: { schema_migrations: { version: "1 (dirty)" } } },
    });
  });

  it("stays unknown while a database is locked, which is no migration", async () => {
    open("memory/main.sqlite").exec("CREATE TABLE t (a); BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)");
    expect(await recordState(context, { image, container: "c" })).toBeUndefined();
    expect(said).toEqual(["what it has made of its state could not be read: memory/main.sqlite is locked"]);
    expect(await context.log.read()).toEqual([]);
  });

  it("goes on record once, and anew when it has changed", async () => {
    const main = open("main.sqlite");
    main.exec("CREATE TABLE t (a)");
    await read();
    await read();
    expect((await context.log.read()).map(({ kind }) => kind)).toEqual(["state"]);
    renameSync(join(state, "main.sqlite"), join(state, "other.sqlite"));
    await read();
    expect((await context.log.read()).map(({ kind }) => kind)).toEqual(["state", "state"]);
  });
});

function versions(databases: Markers["databases"]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(databases).map(([path, marker]) => [
      path,
      typeof marker === "object" && "unreadable" in marker
        ? marker.unreadable
        : (marker as DatabaseMarker).userVersion,
    ]),
  );
}

/** Size and time of each file, to show that nothing was written. */
function looks(): Record<string, string> {
  const files = readdirSync(state, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const { size, mtimeMs } = statSync(join(parentPath, name));
      return [name, `${size} ${mtimeMs}`];
    }),
  );
}
