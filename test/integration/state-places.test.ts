import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { StatePlace, StatePlaces } from "../../config/state-places.ts";
import type { RestoreEntry } from "../../lifecycle/evidence/records.ts";
import { runScript } from "../../lifecycle/snapshot/repository.ts";
import { restoreState } from "../../lifecycle/snapshot/restore.ts";
import { readMarkers } from "../../lifecycle/snapshot/state-read.ts";
import { copyStopped, takeHotSnapshot } from "../../lifecycle/snapshot/take.ts";
import { measureRoom } from "../../lifecycle/update/room.ts";
import type { Workload, WorkloadContext } from "../../lifecycle/workload.ts";
import { contextOf } from "../../operations/program.ts";
import { dockerClient } from "../../platforms/docker/client.ts";
import { dockerCommand } from "../support/docker-command.ts";
import { removeVolume } from "../support/removal.ts";
import { partsOfThisRun, World } from "../support/world.ts";

const image = `registry/openclaw:1@sha256:${"1".repeat(64)}`;
const home = "/home/node/.openclaw";
const workspace = `${home}/workspace`;
const config = "/home/node/.config/openclaw";
/** The user of the gateway's images. */
const gatewayUser = 1000;

describe("a state in three places", () => {
  let folder: string;
  let volume: string;
  let said: string[];
  let context: WorkloadContext;

  /** The workspace in a volume, and another place in a folder: looked at through folders of this machine. */
  beforeEach(async () => {
    const { dockerHost, images } = await partsOfThisRun();
    folder = await mkdtemp(join(tmpdir(), "clawforce-places-"));
    for (const each of ["state", "config", "state/workspace"]) mkdirSync(join(folder, each));
    volume = `clawforce-places-${folder.slice(-6)}`;
    const docker = dockerClient(dockerHost);
    await docker.createVolume({
      Name: volume,
      DriverOpts: { type: "none", o: "bind", device: inFolder("volume") },
    });
    mkdirSync(inFolder("volume"));
    said = [];
    const workload = {
      stack: "places",
      name: `places-${folder.slice(-6)}`,
      ...{
        platform: { kind: "docker", host: dockerHost },
        state: { directory: inFolder("state") },
        mount: home,
      },
      furtherPlaces: [place({ volume }, workspace), place({ directory: inFolder("config") }, config)],
      snapshots: { repositories: inFolder("repositories"), image: images.tools },
      ...{ drain: { budget: 0 }, stopGrace: 0 },
      evidenceDirectory: inFolder("evidence"),
      evidenceKeys: { trustedKeys: [] },
    } as unknown as Workload;
    const secrets = { snapshotPassword: "secret", gatewayToken: "", controlPlanePassword: "" };
    context = { ...contextOf({ workload }, secrets), progress: (line) => said.push(line) };
    write("state/openclaw.json", "{}");
    write("volume/note", "kept");
    write("volume/.hidden/deep", "kept too");
    write("config/oauth.key", "key");
    database("state/main.sqlite", 1);
    database("volume/notes.db", 1);
    database("config/tokens.sqlite", 1);
  });
  afterEach(async () => {
    await removeVolume(dockerClient((await partsOfThisRun()).dockerHost), volume);
    await rm(folder, { recursive: true, force: true });
  });

  it("is one snapshot, hot and cold, with the bytes and the markers of all", async () => {
    const hot = await takeHotSnapshot(context, image);
    const cold = await copyStopped(context, image, "cold");
    const bytesOf = (...files: string[]) =>
      files.reduce((sum, file) => sum + statSync(inFolder(file)).size, 0);
    const places = {
      [workspace]: bytesOf("volume/note", "volume/.hidden/deep", "volume/notes.db"),
      [config]: bytesOf("config/oauth.key", "config/tokens.sqlite"),
    };
    const main = bytesOf("state/openclaw.json", "state/main.sqlite");
    expect(cold).toMatchObject({
      files: 7,
      bytes: main + (places[workspace] ?? 0) + (places[config] ?? 0),
      places,
    });
    expect(hot.places).toEqual(places);
    // The databases in the workspace are the agent's own.
    const databases = ["main.sqlite", `${config}/tokens.sqlite`];
    for (const { markers } of [hot, cold, { markers: await readMarkers(context) }]) {
      expect(Object.keys(markers.databases).toSorted()).toEqual(databases.toSorted());
      expect(markers.places).toEqual([config]);
    }
    expect((await measureRoom(context)).furtherUsed).toEqual({
      [workspace]: expect.any(Number),
      [config]: expect.any(Number),
    });
  });

  it("comes back as a whole, from a hot snapshot and from a cold one", async () => {
    const hot = await takeHotSnapshot(context, image);
    const { snapshot: cold } = await copyStopped(context, image, "cold");
    const before = looks();
    for (const snapshot of [hot.snapshot, cold]) {
      spoil();
      const restored = await restore(snapshot);
      expect(restored).not.toHaveProperty("left");
      expect(looks()).toEqual(before);
      expect(versionOf("volume/notes.db")).toBe(1);
    }
    expect(said).toEqual([]);
  });

  it("comes back as a whole after a kill between its places", async () => {
    const { snapshot } = await copyStopped(context, image, "cold");
    const before = looks();
    await restore(snapshot);
    // As a kill leaves it while the files come in: one place is done, one half, one not begun.
    spoil();
    for (const [root, name] of roots()) {
      const own = inFolder(root, ".clawforce-restore");
      mkdirSync(join(own, "new", name), { recursive: true });
      mkdirSync(join(own, "old"));
    }
    const work = inFolder("state/.clawforce-restore");
    writeFileSync(join(work, "snapshot"), snapshot);
    writeFileSync(
      join(work, "roots"),
      `${roots()
        .map(([, name]) => name)
        .join("\n")}\n`,
    );
    writeFileSync(join(work, "phase"), "out");
    const first = await restored(snapshot);
    for (const [root, name] of roots()) {
      for (const entry of readdirSync(join(first, name))) {
        renameSync(join(first, name, entry), inFolder(root, ".clawforce-restore/new", name, entry));
      }
    }
    await restore(snapshot);
    expect(looks()).toEqual(before);
  });

  it("is told by name where a snapshot has nothing of a place, or has one that is state no more", async () => {
    const { workload } = context;
    const [own, other] = workload.furtherPlaces as [StatePlace, StatePlace];
    const before = { ...context, workload: { ...workload, furtherPlaces: [own] } };
    const { snapshot: older } = await copyStopped(before, image, "cold");
    spoil();
    expect(await restore(older)).toMatchObject({ left: [config] });
    expect(readFileSync(inFolder("volume/note"), "utf8")).toBe("kept");
    expect(readFileSync(inFolder("config/oauth.key"), "utf8")).toBe("spoilt");
    expect(said).toEqual([
      `snapshot ${older.slice(0, 8)} has nothing of ${config}: it was taken before the stack file named that place as state. What is there stays as it is`,
    ]);
    const { snapshot } = await copyStopped(context, image, "cold");
    spoil();
    said.length = 0;
    const after = { ...context, workload: { ...workload, furtherPlaces: [other] } };
    expect(await restore(snapshot, after)).toMatchObject({ unnamed: [workspace] });
    expect(readFileSync(inFolder("volume/note"), "utf8")).toBe("spoilt");
    expect(said).toEqual([
      `snapshot ${snapshot.slice(0, 8)} has ${workspace} as well, which the stack file does not name as state. It is not restored`,
    ]);
  });

  it("is refused where a place is a file, where it is missing, and where it is a part of another one", async () => {
    const withPlace = (directory: string) => ({
      ...context,
      workload: { ...context.workload, furtherPlaces: [place({ directory: inFolder(directory) }, "/own")] },
    });
    const refusalOf = (directory: string) =>
      takeHotSnapshot(withPlace(directory), image).then(
        () => "",
        (error: Error) => error.message,
      );
    expect(await refusalOf("config/oauth.key")).toContain("/own is no folder, and only folders and volumes");
    expect(await refusalOf("nowhere")).toContain("names a folder that is not there");
    expect(existsSync(inFolder("nowhere"))).toBe(false);
    expect(await refusalOf("state/workspace")).toContain("/own and the state are on one folder");
    expect(await refusalOf(".")).toContain("the state and /own are on one folder");
  });

  function inFolder(...path: string[]): string {
    return join(folder, ...path);
  }

  function write(file: string, text: string): void {
    mkdirSync(join(inFolder(file), ".."), { recursive: true });
    writeFileSync(inFolder(file), text);
  }

  function database(file: string, version: number): void {
    const opened = new DatabaseSync(inFolder(file));
    opened.exec(`CREATE TABLE IF NOT EXISTS t (a); PRAGMA user_version=${version}`);
    opened.close();
  }

  function versionOf(file: string): unknown {
    const opened = new DatabaseSync(inFolder(file), { readOnly: true });
    try {
      return opened.prepare("PRAGMA user_version").get()?.user_version;
    } finally {
      opened.close();
    }
  }

  function spoil(): void {
    for (const file of ["state/openclaw.json", "volume/note", "config/oauth.key"]) write(file, "spoilt");
    for (const file of ["volume/more", "config/more"]) write(file, "more");
    database("volume/notes.db", 2);
    rmSync(inFolder("volume/.hidden"), { recursive: true, force: true });
  }

  /** Folder of this machine -> name of its root in the snapshots. */
  function roots(): [string, string][] {
    const name = (at: string) => `/places/${encodeURIComponent(at)}`;
    return [
      ["state", "/state"],
      ["volume", name(workspace)],
      ["config", name(config)],
    ];
  }

  /** Each file of the three places with its text; of a database its version. */
  function looks(): Record<string, unknown> {
    const files = roots().flatMap(([root]) =>
      readdirSync(inFolder(root), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)),
    );
    return Object.fromEntries(
      files
        .toSorted()
        .map((file) => [
          file,
          /\.(db|sqlite)$/.test(file) ? versionOf(file) : readFileSync(inFolder(file), "utf8"),
        ]),
    );
  }

  function restore(snapshot: string, as = context): Promise<RestoreEntry> {
    return restoreState(as, { snapshot, takenAt: "", reason: "requested", moved: [] }, image);
  }

  /** As a drill does it. Returns the folder below which the roots are. */
  async function restored(snapshot: string): Promise<string> {
    const scratch = inFolder("scratch");
    const copies = roots().map(([, name], index): StatePlace => {
      mkdirSync(join(scratch, name), { recursive: true });
      const at = [home, workspace, config][index] ?? "";
      return place({ directory: join(scratch, name) }, at);
    });
    await runScript(context, {
      ...{ script: "restore-to-scratch", purpose: "restore", state: "none", arguments: [snapshot] },
      scratch: copies as unknown as StatePlaces,
    });
    return scratch;
  }
});

function place(from: StatePlace["from"], at: string): StatePlace {
  return { from, at };
}

describe("a gateway whose workspace is a volume inside of its state, and that has a folder beside it", () => {
  let world: World;
  let name: string;
  let beside: string;

  beforeAll(async () => {
    const { images } = await partsOfThisRun();
    world = await World.create(
      { stable: images.fixture[2] },
      { ...{ instances: 1, patience: true }, settings: () => ({ rehearsal: { deadline: "5m" } }) },
    );
    name = world.instances[0] as string;
    beside = join(world.folder, "beside");
    await mkdir(beside);
    await writeFile(join(beside, "key"), "key");
    await chown(beside, gatewayUser, gatewayUser);
    await chown(join(beside, "key"), gatewayUser, gatewayUser);
    world.instanceSettings[name] = {
      mounts: [
        { kind: "volume", source: `workspace-${name}`, target: workspace, state: true },
        { kind: "bind", source: beside, target: config, state: true },
      ],
    };
    await world.configure();
    await world.docker.createVolume({ Name: `workspace-${name}` });
    await dockerCommand(
      ...["run", "--rm", "--volume", `workspace-${name}:/w`, "--entrypoint", "chown", images.tools],
      ...[`${gatewayUser}:${gatewayUser}`, "/w"],
    );
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    await inside(`mkdirSync('${workspace}/files');writeFileSync('${workspace}/files/note', 'kept')`);
    await world.setSwitch(name, "needs-doctor", "only 3");
  });
  afterAll(() => world.destroy());

  it("has a copy of each place in its rehearsal, and the migration works on all of them", async () => {
    const { fixture } = world.parts.images;
    const change = `for(const f of ['${workspace}/files/note','${config}/key'])require('fs').appendFileSync(f,' migrated')`;
    await world.configure({
      images: {
        ...{ stable: fixture[2], candidate: fixture[3] },
        migrate: [{ command: ["fixture", "doctor", "--fix"] }, { command: ["node", "-e", change] }],
      },
    });
    const rehearsed = await world.fleet("rehearse");
    expect(rehearsed.code, rehearsed.output).toBe(0);
    expect(await texts()).toEqual(["kept", "key"]);
    const update = await world.up();
    expect(update.code, update.output).toBe(0);
    expect(await texts()).toEqual(["kept migrated", "key migrated"]);
    const snapshots = (await world.records(name)).flatMap((each) =>
      each.kind === "snapshot" ? [[each.role, each.places]] : [],
    );
    // Its first start has found a key in a place, and nothing in the others.
    const found = ["cold", { [workspace]: 0, [config]: 3 }];
    const places = { [workspace]: 4, [config]: 3 };
    expect(snapshots).toEqual([found, found, ["hot", places], ["hot", places], ["cold", places]]);
    const label = ["--filter", `label=clawforce.one-shot=${name}`];
    expect(await dockerCommand("volume", "ls", "--quiet", ...label)).toBe("");
  });

  it("goes back with all of its state", async () => {
    await inside(`writeFileSync('${workspace}/files/later', 'later')`);
    await world.configure({ images: { stable: world.parts.images.fixture[2] } });
    expect((await world.preview()).output).toMatch(/with its state: .*config stamp 2 -> 3/);
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(await texts()).toEqual(["kept", "key"]);
    expect(existsSync(join(beside, ".clawforce-restore"))).toBe(false);
    expect(statSync(join(beside, "key")).uid).toBe(gatewayUser);
    await expect(inside(`readFileSync('${workspace}/files/later')`)).rejects.toThrow("ENOENT");
  });

  it("is not updated while something else writes to one of its places", async () => {
    const other = `${world.stack}-other-writer`;
    const { images } = world.parts;
    await dockerCommand(
      ...["run", "--detach", "--name", other, "--volume", `workspace-${name}:/w`, "--entrypoint", "sleep"],
      ...[images.tools, "600"],
    );
    try {
      await world.configure({ images: { stable: images.fixture[2], candidate: images.fixture[3] } });
      const refused = await world.up();
      expect(refused.code).not.toBe(0);
      expect(refused.output).toContain(
        `${other} (running; ${images.tools}) has the volume workspace-${name}`,
      );
    } finally {
      await dockerCommand("rm", "--force", other);
    }
  });

  async function texts(): Promise<string[]> {
    const shown = await inside(
      `process.stdout.write(JSON.stringify(['${workspace}/files/note','${config}/key'].map((f)=>readFileSync(f,'utf8'))))`,
    );
    return JSON.parse(shown) as string[];
  }

  function inside(script: string): Promise<string> {
    const names = "readFileSync,writeFileSync,mkdirSync";
    return dockerCommand("exec", name, "node", "-e", `const {${names}}=require('node:fs');${script}`);
  }
});
