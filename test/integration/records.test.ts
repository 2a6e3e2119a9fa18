import {
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hearsayOf } from "../../lifecycle/evidence/chain.ts";
import type { EvidenceRecord } from "../../lifecycle/evidence/records.ts";
import { inspectContainer } from "../../platforms/docker/client.ts";
import type { Run } from "../support/outcome.ts";
import { partsOfThisRun, World } from "../support/world.ts";

/** The user that the fixture's gateway runs as. */
const gatewayUser = 1000;

describe("records that are damaged or lost", () => {
  const images = { old: "", new: "" };
  let world: World;
  let directories: string;
  let [canary, second, third] = ["", "", ""];

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    directories = await mkdtemp(join(tmpdir(), "clawforce-states-"));
    // In directories, so that a workload may leave the stack.
    world = await World.create(
      { stable: images.old },
      {
        ...{ instances: 3, patience: true, directory: (name) => join(directories, name) },
        snapshots: { drill: { deadline: "120s", memory: "100 MB" } },
      },
    );
    [canary, second, third] = world.instances as [string, string, string];
    for (const name of world.instances) {
      await mkdir(join(directories, name));
      await chown(join(directories, name), gatewayUser, gatewayUser);
    }
    await mustUp();
    await world.configure({ images: { stable: images.old, candidate: images.new } });
    await mustUp();
  });
  afterAll(async () => {
    await world.destroy();
    await rm(directories, { recursive: true, force: true });
  });

  const folder = () => join(world.folder, "evidence");
  const logFile = (name: string) => join(folder(), world.stack, name, "records.jsonl");
  const identities = () => Promise.all(world.instances.map((name) => world.identity(name)));
  const runs = async (name: string) => (await world.inspect(name)).Config.Image;

  async function mustUp(): Promise<Run> {
    const run = await world.up();
    expect(run.code, run.output).toBe(0);
    return run;
  }

  function cold(records: readonly EvidenceRecord[]): string {
    const found = records.findLast((record) => record.kind === "snapshot" && record.role === "cold");
    return found?.kind === "snapshot" ? found.snapshot.slice(0, 8) : "";
  }

  /** Takes a line out of the middle. Returns the repair by a copy. */
  async function damage(name: string, line = 1): Promise<() => Promise<void>> {
    const text = await readFile(logFile(name), "utf8");
    await writeFile(logFile(name), text.split("\n").toSpliced(line, 1).join("\n"));
    return () => writeFile(logFile(name), text);
  }

  it("keep nobody else from an update: one sick log is one workload's problem", async () => {
    const mend = await damage(third);
    const before = await world.identity(third);
    await world.configure({ wave: 1 });
    const { output } = await mustUp();
    expect(output).toContain(
      `${third}: its records are damaged: ${logFile(third)}:2: the line does not follow`,
    );
    expect([await runs(second), await world.identity(third)]).toEqual([images.new, before]);

    const status = await world.fleet("status");
    expect(status.code, status.output).toBe(3);
    expect(status.output).toContain(
      `${third}: its records are damaged: ${logFile(third)}:2: the line does not follow`,
    );
    const report = await world.fleet("report");
    expect(report.code, report.output).toBe(0);
    expect(report.output).toContain(`- ${third}: its records are damaged`);
    const drill = await world.fleet("drill", "--workload", canary);
    expect(drill.code, drill.output).toBe(0);
    const check = await world.fleet("evidence", "check");
    expect(check.code).toBe(1);
    expect(check.output).toMatch(new RegExp(`${third} +1 +0 +0 +damaged`));
    expect(check.output).toMatch(new RegExp(`${canary} +\\d+ +0 +0 +whole`));

    // Nothing but the sick one is left to move.
    await world.configure({ wave: 2 });
    const refused = await world.up();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain(`This update would do nothing; nothing was touched.`);
    expect(refused.output).toContain(`${third}: refused: its records are damaged`);
    expect(await world.identity(third)).toEqual(before);
    await mend();
    await mustUp();
    expect(await runs(third)).toBe(images.new);
  });

  it("keep nobody else from going back, and the sick one goes back once its file is", async () => {
    const mend = await damage(second);
    const before = await world.identity(second);
    const back = await world.fleet("rollback");
    expect(back.code, back.output).toBe(1);
    expect(back.output).toContain("Gone back, except what was refused above.");
    expect(await Promise.all(world.instances.map(runs))).toEqual([images.old, images.new, images.old]);
    expect(await world.identity(second)).toEqual(before);
    await mend();
    world.images = { stable: images.old };
    await world.configure({ wave: 0 });
    await mustUp();
    expect(await runs(second)).toBe(images.old);
  });

  it("are gone on without by a repair that says what is lost, and no container is made anew for it", async () => {
    const before = await identities();
    const text = await readFile(logFile(second), "utf8");
    await damage(second, 4);
    const said = await world.fleet("evidence", "repair", "--workload", second);
    expect(said.code, said.output).toBe(0);
    expect(said.output).toContain(`going back to it, with its snapshot`);
    expect(await readFile(logFile(second), "utf8")).not.toContain("repaired");
    const damaged = await readFile(logFile(second), "utf8");

    const repaired = await world.fleet("evidence", "repair", "--workload", second, "--yes");
    expect(repaired.code, repaired.output).toBe(0);
    const names = await readdir(join(folder(), world.stack, second));
    const aside = names.find((name) => name.startsWith("records.jsonl.broken-")) ?? "";
    expect(await readFile(join(folder(), world.stack, second, aside), "utf8")).toBe(damaged);
    expect((await stat(join(folder(), world.stack, second, aside))).mode & 0o777).toBe(0o600);
    const records = await world.records(second);
    expect(records.slice(0, -1)).toHaveLength(4);
    expect(
      text.startsWith((await readFile(logFile(second), "utf8")).split("\n").slice(0, 4).join("\n")),
    ).toBe(true);
    expect(records.at(-1)).toMatchObject({ kind: "repaired", file: aside });
    expect((await world.fleet("evidence", "check")).code).toBe(0);
    await mustUp();
    expect(await identities()).toEqual(before);
  });

  it("that are lost are not taken for none: nothing moves until the folder is back", async () => {
    const before = await identities();
    await rename(folder(), `${folder()}.away`);
    await world.configure({ images: { stable: images.old, candidate: images.new }, wave: 0 });
    const preview = await world.preview();
    expect(preview.code).not.toBe(0);
    expect(preview.output).toContain(
      `${canary}: refused: its records are missing: this stack has made its container, and there is nothing in ${logFile(canary)}. ` +
        "It stays as it is. Put the folder back from its copy to where clawforce:evidence.directory says.",
    );
    expect((await world.up()).code).not.toBe(0);
    expect(await identities()).toEqual(before);
    await rm(folder(), { recursive: true, force: true });
    await rename(`${folder()}.away`, folder());
    await mustUp();
    expect(await runs(canary)).toBe(images.new);
  });

  it("that are lost for good begin anew with what runs, and nothing goes back without a snapshot", async () => {
    await rename(folder(), `${folder()}.away`);
    const before = await identities();
    for (const name of world.instances) {
      const begun = await world.fleet(
        "evidence",
        "begin",
        "--workload",
        name,
        "--because",
        "the disk is gone",
      );
      expect(begun.code, begun.output).toBe(0);
    }
    // What was lost proves nothing any more: what runs is judged again.
    expect((await mustUp()).output).toContain(`${canary}: its records began anew: it stays`);
    const kinds = (await world.records(canary)).map(({ kind }) => kind);
    expect(kinds).toEqual(["begun", "serving", "settings", "gate", "state", "verification"]);
    expect(await identities()).toEqual(before);
    await world.configure({ images: { stable: images.old }, wave: 0 });
    const lowered = await world.up();
    expect(lowered.code).not.toBe(0);
    expect(lowered.output).toContain(
      `${canary}: refused: it would go back to a version that its records do not know`,
    );
    expect(await identities()).toEqual(before);
    // Forward it can go.
    await world.configure({ images: { stable: images.old, candidate: images.new }, wave: 1 });
    await mustUp();
    expect(await runs(second)).toBe(images.new);
    const again = await world.fleet("evidence", "begin", "--workload", canary, "--because", "again");
    expect(again.code).toBe(1);
    expect(again.output).toContain("they go on. Nothing was touched.");
  });

  it("lose no restore order that is given once they are whole again, or were begun anew", async () => {
    const mend = await damage(second);
    const before = await identities();
    const { output } = await mustUp();
    expect(output).toContain(`${second}: its records are damaged`);
    expect(await identities()).toEqual(before);
    await mend();
    // Of a snapshot that the new records do not know, and of one that they do.
    const lost = (await readFile(`${logFile(canary).replace(folder(), `${folder()}.away`)}`, "utf8"))
      .split("\n")
      .flatMap((line) => hearsayOf(line));
    const orders = {
      [canary]: { snapshot: cold(lost), order: "INC-1" },
      [second]: { snapshot: cold(await world.records(second)), order: "INC-2" },
    };
    for (const [name, restore] of Object.entries(orders)) world.instanceSettings[name] = { restore };
    await world.configure();
    await mustUp();
    for (const [name, order] of Object.entries(orders)) {
      const restores = (await world.records(name)).filter(({ kind }) => kind === "restore");
      expect(restores, name).toMatchObject([{ reason: "requested", ...order }]);
    }
    const after = await identities();
    expect(after[2]).toEqual(before[2]);
    await mustUp();
    world.instanceSettings = {};
    await world.configure();
    await mustUp();
    expect(await identities()).toEqual(after);
  });

  it("do not keep a workload from leaving the stack when what was remembered of it is damaged", async () => {
    const leaving = world.instances.pop() as string;
    const file = join(folder(), world.stack, leaving, "workload.json");
    await truncate(file, 100);
    await world.configure();
    await mustUp();
    expect(await inspectContainer(world.docker, leaving)).toBeUndefined();
    const records = await world.records(leaving);
    expect(records.at(-1)).toMatchObject({ kind: "snapshot", role: "cold" });
  });
});
