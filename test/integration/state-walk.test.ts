import { execFile } from "node:child_process";
import {
  appendFileSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeHotSnapshot } from "../../lifecycle/snapshot/take.ts";
import { measureRoom } from "../../lifecycle/update/room.ts";
import type { Workload, WorkloadContext } from "../../lifecycle/workload.ts";
import { contextOf } from "../../operations/program.ts";
import { partsOfThisRun } from "../support/world.ts";

const image = `registry/openclaw:1@sha256:${"1".repeat(64)}`;
const run = promisify(execFile);
const home = "/home/node/.openclaw";
const work = "/work/of it";

describe("a walk through a state", () => {
  let folder: string;
  let context: WorkloadContext;

  beforeEach(async () => {
    const { dockerHost, images } = await partsOfThisRun();
    folder = mkdtempSync(join(tmpdir(), "clawforce-walk-"));
    for (const each of ["state", "work"]) mkdirSync(join(folder, each));
    const workload = {
      ...{ stack: "walk", name: `walk-${folder.slice(-6)}`, platform: { kind: "docker", host: dockerHost } },
      ...{ state: { directory: join(folder, "state") }, mount: home },
      furtherPlaces: [{ from: { directory: join(folder, "work") }, at: work }],
      snapshots: { repositories: join(folder, "repositories"), image: images.tools },
      evidenceDirectory: join(folder, "evidence"),
      evidenceKeys: { trustedKeys: [] },
    } as unknown as Workload;
    const secrets = { snapshotPassword: "secret", gatewayToken: "", controlPlanePassword: "" };
    context = { ...contextOf({ workload }, secrets), progress: () => {} };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const at = (path: string | Buffer) =>
    Buffer.concat([Buffer.from(`${folder}/`), typeof path === "string" ? Buffer.from(path) : path]);

  function write(path: string | Buffer, content = "x"): void {
    const file = at(path);
    mkdirSync(dirname(file.toString("latin1")), { recursive: true });
    writeFileSync(file, content);
  }

  const link = (target: string, path: string) => symlinkSync(target, at(path));

  it("counts what is there, in all places, whatever its names are", async () => {
    write("state/openclaw.json", "{}");
    write("state/two\nlines\tand a tab/file\n", "12345");
    write(Buffer.from("state/\xff\xfe", "latin1"), "123");
    write("state/memory/main.sqlite", "1234567");
    linkSync(at("state/openclaw.json"), at("state/again.json"));
    write("work/out/big", "x".repeat(1000));
    const { survey, files, databasesUsed, stateUsed, furtherUsed } = await measureRoom(context);
    // Three folders beside the six files.
    expect(survey).toMatchObject({ entries: 9, bytes: 2 + 5 + 3 + 7 + 2 + 1000, odd: [] });
    expect({ files, databasesUsed }).toEqual({ files: 6, databasesUsed: 7 });
    expect(survey.folders.map(({ path }) => path)).toContain(work);
    expect(survey.folders.map(({ path }) => path)).toContain("two\nlines\tand a tab");
    const blocks = async (...of: string[]) => {
      const { stdout } = await run("du", ["-scB1", ...of.map((each) => join(folder, each))]);
      return Number(/(\d+)\ttotal/.exec(stdout)?.[1]);
    };
    expect(stateUsed).toBe(await blocks("state", "work"));
    expect(furtherUsed).toEqual({ [work]: await blocks("work") });
  });

  it("names the links that lead out of it, by where the workload has it mounted", async () => {
    write("state/agents/main/file");
    const inside = [
      ["../main/file", "state/agents/again"],
      [`${home}/agents`, "state/absolute"],
      [home, "state/itself"],
      [`${work}/x`, "state/to work"],
      [`${home}/./agents/../agents`, "work/to state"],
    ] as const;
    const outside = [
      ["/etc/passwd", "state/etc"],
      [`${home}-other/x`, "state/beside"],
      ["../../..", "state/agents/up"],
      ["../out", "work/up"],
      ["/home/node\nx", "state/broken"],
    ] as const;
    for (const [target, path] of [...inside, ...outside]) link(target, path);
    const { odd } = (await measureRoom(context)).survey;
    expect(odd).toEqual([
      {
        ...{ kind: "link", count: outside.length },
        first: [
          `${work}/up -> ../out`,
          "agents/up -> ../../..",
          `beside -> ${home}-other/x`,
          "broken -> /home/node\nx",
          "etc -> /etc/passwd",
        ],
      },
    ]);
  });

  it("names what no snapshot keeps the content of, and what belongs to somebody else", async () => {
    await run("mkfifo", [join(folder, "state/pipe")]);
    await run("python3", [
      "-c",
      `import socket;socket.socket(socket.AF_UNIX).bind("${folder}/state/s.sock")`,
    ]);
    for (let n = 0; n < 9; n += 1) write(`state/file${n}`);
    for (let n = 0; n < 7; n += 1) {
      write(`state/theirs/${n}`);
      chownSync(at(`state/theirs/${n}`), 1234, 1234);
    }
    const { odd } = (await measureRoom(context)).survey;
    expect(odd).toEqual([
      { kind: "special", count: 2, first: ["pipe", "s.sock"] },
      { kind: "owner", count: 7, first: expect.any(Array), user: 1234, usual: 0 },
    ]);
    expect(odd[1]?.first).toHaveLength(5);
    expect(odd[1]?.first.every((path) => path.startsWith("theirs/"))).toBe(true);
  });

  it("names the files that change while the hot snapshot is taken, and no database", async () => {
    write("state/still");
    write("state/logs/gate\nway.log");
    const database = new DatabaseSync(join(folder, "state/main.sqlite"));
    database.exec("PRAGMA journal_mode=WAL; CREATE TABLE t (a)");
    const writes = setInterval(() => {
      appendFileSync(at("state/logs/gate\nway.log"), "line\n");
      database.exec("INSERT INTO t VALUES (1)");
    }, 5);
    try {
      const { survey } = await measureRoom(context);
      const taken = await takeHotSnapshot(context, image, survey);
      expect(taken.survey?.odd).toEqual([{ kind: "changed", count: 1, first: ["logs/gate\nway.log"] }]);
    } finally {
      clearInterval(writes);
      database.close();
    }
    const { survey } = await takeHotSnapshot(context, image, (await measureRoom(context)).survey);
    expect(survey?.odd).toEqual([]);
  });
});
