import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runScript } from "../../lifecycle/snapshot/repository.ts";
import { restoreState } from "../../lifecycle/snapshot/restore.ts";
import { readMarkers } from "../../lifecycle/snapshot/state-read.ts";
import { copyStopped, takeHotSnapshot } from "../../lifecycle/snapshot/take.ts";
import { measureRoom } from "../../lifecycle/update/room.ts";
import type { Workload, WorkloadContext } from "../../lifecycle/workload.ts";
import { contextOf } from "../../operations/program.ts";
import { partsOfThisRun } from "../support/world.ts";

const image = `registry/openclaw:1@sha256:${"1".repeat(64)}`;
const home = "/home/node/.openclaw";
const work = "/work (of it)";
const patterns = ["workspace/down*", "workspace-*/node_modules", `${work}/out.[x]/*`, "models"];

describe("what snapshots leave out", () => {
  let folder: string;
  let context: WorkloadContext;
  let said: string[];

  beforeEach(async () => {
    const { dockerHost, images } = await partsOfThisRun();
    folder = mkdtempSync(join(tmpdir(), "clawforce-left-out-"));
    said = [];
    const workload = {
      ...{ stack: "left-out", name: `left-out-${folder.slice(-6)}`, track: "runtime" },
      platform: { kind: "docker", host: dockerHost },
      ...{ state: { directory: join(folder, "state") }, mount: home },
      furtherPlaces: [{ from: { directory: join(folder, "work") }, at: work }],
      snapshots: {
        ...{ repositories: join(folder, "repositories"), image: images.tools, exclude: patterns },
      },
      ...{ drain: { budget: 0 }, stopGrace: 0 },
      evidenceDirectory: join(folder, "evidence"),
      evidenceKeys: { trustedKeys: [] },
    } as unknown as Workload;
    const secrets = { snapshotPassword: "secret", gatewayToken: "", controlPlanePassword: "" };
    context = { ...contextOf({ workload }, secrets), progress: (line) => said.push(line) };
    for (const file of [...kept, ...leftOut]) write(file, "before");
    database("state/models/index.sqlite");
    database("state/main.sqlite");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const kept = [
    "state/openclaw.json",
    "state/workspace/note",
    "state/workspace/deep/downloads/x",
    "state/workspace-a/note",
    "work/out.[x].kept",
    "work/out.x/kept",
  ];
  const leftOut = [
    "state/workspace/downloads/a/b",
    "state/workspace/down\nload",
    "state/workspace-a/node_modules/p/index.js",
    "work/out.[x]/one",
    "work/out.[x]/two/three",
    "state/models/large",
  ];

  const at = (path: string) => join(folder, path);
  const read = (path: string) => readFileSync(at(path), "utf8");

  function write(path: string, content: string): void {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), content);
  }

  function database(path: string): void {
    const opened = new DatabaseSync(at(path));
    opened.exec("CREATE TABLE IF NOT EXISTS t (a)");
    opened.close();
  }

  /** With other patterns: as the stack file says then. */
  function by(exclude: string[]): WorkloadContext {
    const { workload } = context;
    return { ...context, workload: { ...workload, snapshots: { ...workload.snapshots, exclude } } };
  }

  async function cold(of = context) {
    return copyStopped(of, image, "cold");
  }

  const restore = (snapshot: string, of = context) =>
    restoreState(of, { snapshot, takenAt: "", reason: "requested", moved: [] }, image);

  /** All files of a snapshot, as a drill has them. */
  async function drilled(snapshot: string): Promise<string[]> {
    const scratch = ["state", "work"].map((name) => at(`scratch-${snapshot}/${name}`));
    for (const each of scratch) mkdirSync(each, { recursive: true });
    const [state = "", further = ""] = scratch;
    await runScript(context, {
      ...{ script: "restore-to-scratch", purpose: "restore", state: "none", arguments: [snapshot] },
      scratch: [
        { from: { directory: state }, at: home },
        { from: { directory: further }, at: work },
      ],
    });
    return scratch.flatMap((each) =>
      readdirSync(each, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(at(`scratch-${snapshot}/`).length)),
    );
  }

  it("is in none of them, hot or cold, and in no count and no marker", async () => {
    const files = [...kept, "state/main.sqlite"];
    const { survey, files: counted } = await measureRoom(context);
    expect(counted).toBe(files.length);
    const hot = await takeHotSnapshot(context, image, survey);
    const stopped = await cold();
    expect(stopped.files).toBe(files.length);
    expect([hot.leftOut, stopped.leftOut]).toEqual([patterns, patterns]);
    for (const { markers } of [hot, stopped, { markers: await readMarkers(context) }]) {
      expect(Object.keys(markers.databases)).toEqual(["main.sqlite"]);
    }
    for (const { snapshot } of [hot, stopped]) {
      expect((await drilled(snapshot)).toSorted()).toEqual(files.toSorted());
    }
  });

  it("is in all of them where nothing is to be left out", async () => {
    expect((await cold(by([]))).files).toBe(kept.length + leftOut.length + 2);
  });

  it("stays as it is when a state is set back, and all else comes back", async () => {
    const { snapshot } = await cold();
    for (const file of [...kept, ...leftOut]) write(file, "after");
    write("state/workspace/downloads/new", "after");
    write("state/workspace/new", "after");
    chownSync(at("state/workspace/downloads"), 1234, 1234);
    const { stayed } = await restore(snapshot);
    for (const file of kept) expect(read(file), file).toBe("before");
    for (const file of leftOut) expect(read(file), file).toBe("after");
    expect(read("state/workspace/downloads/new")).toBe("after");
    expect(existsSync(at("state/workspace/new"))).toBe(false);
    expect(existsSync(at("state/models/index.sqlite"))).toBe(true);
    expect(statSync(at("state/workspace/downloads")).uid).toBe(1234);
    expect(stayed?.count).toBe(6);
    expect(stayed?.first).toContain("workspace/down\nload");
    expect(said.at(-1)).toMatch(
      /^left out of snapshots, and as it was: .*workspace\/down\\nload.* and 1 more$/,
    );
    for (const root of ["state", "work"]) expect(readdirSync(at(root))).not.toContain(".clawforce-restore");
  });

  it("stays where the snapshot is from before it was left out, and has it and a database in it", async () => {
    database("state/workspace/downloads/own.db");
    const hot = await takeHotSnapshot(by([]), image);
    rmSync(at("state/models"), { recursive: true });
    write("state/workspace/downloads/a/b", "after");
    await restore(hot.snapshot);
    expect(read("state/workspace/downloads/a/b")).toBe("after");
    expect(existsSync(at("state/models"))).toBe(false);
    expect(await drilled(hot.snapshot)).not.toContain("state/workspace/downloads/own.db");
  });

  it("comes back below folders that the snapshot does not have, as these were", async () => {
    rmSync(at("state/workspace-a"), { recursive: true });
    const { snapshot } = await cold();
    write("state/workspace-a/node_modules/p/index.js", "after");
    chownSync(at("state/workspace-a"), 1234, 1234);
    await restore(snapshot);
    expect(read("state/workspace-a/node_modules/p/index.js")).toBe("after");
    expect(statSync(at("state/workspace-a")).uid).toBe(1234);
  });

  it("stays though the restore was killed, and the stack file names nothing any more", async () => {
    const { snapshot } = await cold();
    // As a kill leaves it once the state is set aside: one path is back in its place, the others are not.
    await restore(snapshot);
    for (const root of ["state", "work"]) {
      const own = at(`${root}/.clawforce-restore`);
      const name = root === "state" ? "state" : `places/${encodeURIComponent(work)}`;
      mkdirSync(join(own, "new", name), { recursive: true });
      mkdirSync(join(own, "old"));
    }
    write("state/.clawforce-restore/phase", "in");
    write("state/.clawforce-restore/snapshot", snapshot);
    write("state/.clawforce-restore/roots", "/state\n");
    write("state/.clawforce-restore/left-out", "/state\tworkspace/down[^/]*\tworkspace/down*\n");
    write("state/.clawforce-restore/old/workspace/downloaded", "kept");
    write("state/.clawforce-restore/old/workspace/note", "set aside");
    const { stayed } = await restore(snapshot, by([]));
    expect(stayed).toEqual({ count: 1, first: ["workspace/downloaded"] });
    expect(read("state/workspace/downloaded")).toBe("kept");
    expect(read("state/workspace/downloads/a/b")).toBe("before");
    expect(read("state/workspace/note")).toBe("before");
  });

  it("refuses a restore in which it would have no place, before anything is moved", async () => {
    rmSync(at("state/workspace-a"), { recursive: true });
    write("state/workspace-a", "a file");
    const { snapshot } = await cold();
    rmSync(at("state/workspace-a"));
    write("state/workspace-a/node_modules/x", "after");
    await expect(restore(snapshot)).rejects.toThrow(
      `snapshot ${snapshot.slice(0, 8)} has no folder at workspace-a, and node_modules in it is left out of snapshots and would have no place. Move it away first.`,
    );
    expect(read("state/workspace-a/node_modules/x")).toBe("after");
    expect(read("state/workspace/note")).toBe("before");
  });
});
