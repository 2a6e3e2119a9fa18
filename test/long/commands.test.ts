import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { dockerCommand } from "../support/docker-command.ts";
import { partsOfThisRun, World } from "../support/world.ts";

/** What an operator does from the new image to its promotion, by `fleet` alone, and back. */
describe("the commands of fleet", () => {
  let world: World;
  let [first, second, third] = ["", "", ""];
  const images = { before: "", old: "", new: "" };

  beforeAll(async () => {
    const { fixture, tools } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    // Nothing ever runs this one: it stands for the release before, which leaves the stack with a promotion.
    images.before = tools;
    world = await World.create(
      { stable: images.old, previous: images.before },
      { group: { waves: [1, 2, "100%"] } },
    );
    [first, second, third] = world.instances as [string, string, string];
    const { code, output } = await world.up();
    expect(code, output).toBe(0);
  });
  afterAll(() => world.destroy());

  /** The stack file as another client reads it. */
  async function configured(): Promise<{ images: Record<string, string>; group: Record<string, unknown> }> {
    const { config } = parse(await readFile(world.configFile, "utf8"));
    return {
      images: config["clawforce:agentImages"].agent,
      group: config["clawforce:instanceGroups"][`${world.stack}-group`],
    };
  }

  async function running(): Promise<string[]> {
    const all = await Promise.all(world.instances.map((name) => world.inspect(name)));
    return all.map(({ Config, State }) => `${Config.Image} ${State.Health?.Status}`);
  }

  const on = (...references: string[]) => references.map((reference) => `${reference} healthy`);

  it("pin writes the digest that the registry has, and shows the change first", async () => {
    const before = await readFile(world.configFile, "utf8");
    const dry = await world.fleet("pin", "--image", "agent", "2", "--dry-run");
    expect(dry.output).toContain(`clawforce:agentImages.agent.candidate: (not set) -> ${images.new}\n`);
    expect(dry).toMatchObject({
      code: 0,
      output: expect.stringContaining("Nothing was written (--dry-run)."),
    });
    expect(await readFile(world.configFile, "utf8")).toBe(before);

    const { code, output } = await world.fleet("pin", "--image", "agent", "2");
    expect(code, output).toBe(0);
    expect((await configured()).images).toEqual({
      stable: images.old,
      previous: images.before,
      candidate: images.new,
    });

    const unknown = await world.fleet("pin", "--image", "agent", "9");
    expect(unknown).toMatchObject({
      code: 1,
      output: expect.stringMatching(/ has no .*fixture:9; nothing was written\. /),
    });
    expect((await configured()).images.candidate).toBe(images.new);
  });

  it("update shows the plan and touches nothing in a dry run", async () => {
    const before = await Promise.all(world.instances.map((name) => world.identity(name)));
    const { code, output } = await world.fleet("update", "--dry-run");
    expect(output).toMatch(`  ${first}: update fixture:1@`);
    expect(output).not.toContain(`${second}: `);
    expect(code, output).toBe(0);
    expect(await Promise.all(world.instances.map((name) => world.identity(name)))).toEqual(before);
  });

  it("update moves the canary alone, and keeps report and timeline for their owner", async () => {
    const untouched = await Promise.all([second, third].map((name) => world.identity(name)));
    const { code, output } = await world.fleet("update");
    expect(code, output).toBe(0);
    expect(await running()).toEqual(on(images.new, images.old, images.old));
    expect(await Promise.all([second, third].map((name) => world.identity(name)))).toEqual(untouched);
    expect((await configured()).group.wave).toBe(0);
    expect(output).toMatch(
      new RegExp(`\\n${first} +update +fixture:1@\\w{12} +fixture:2@\\w{12} .* passed\\n`),
    );
    expect(output).toContain(`fleet update --stack ${world.stack}`);

    const folder = join(world.folder, "evidence", world.stack, "reports");
    const files = await readdir(folder);
    expect(files.map((file) => file.replace(/^\d{8}T\d{6}Z/, ""))).toEqual([".md", ".svg"]);
    for (const file of files) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    const report = await readFile(join(folder, files[0] ?? ""), "utf8");
    expect(report).toContain(
      `| ${first} | \`${images.new}\` | \`${(await world.identity(first)).id.slice(0, 12)}\` |`,
    );
    expect(report).toContain("- [x] Update installed: ");
    expect(await readFile(join(folder, files[1] ?? ""), "utf8")).toContain(`${first}: cold snapshot `);
  });

  it("promote is refused while a group is on its way", async () => {
    const { code, output } = await world.fleet("promote");
    expect(code).toBe(1);
    expect(output).toContain(`${world.stack}-group stands at wave 0 of 0 to 2`);
    expect((await configured()).images).toMatchObject({ stable: images.old, candidate: images.new });
  });

  it("a wave that fails names the command that takes it back alone, and that command does", async () => {
    await world.setSwitch(second, "not-ready", "only 2");
    const canary = await world.identity(first);
    const untouched = await world.identity(third);
    const failed = await world.fleet("update");
    expect(failed.code).toBe(1);
    expect(failed.output).toContain("http /readyz: HTTP 503 instead of 200");
    const wayBack = `rollback --stack ${world.stack} --group ${world.stack}-group --to-wave 0`;
    expect(failed.output).toContain(`  fleet ${wayBack}   (this wave alone)\n`);
    expect(await running()).toEqual(on(images.new, images.new, images.old));

    const back = await world.fleet("rollback", "--group", `${world.stack}-group`, "--to-wave", "0");
    expect(back.code, back.output).toBe(0);
    expect(await running()).toEqual(on(images.new, images.old, images.old));
    expect([await world.identity(first), await world.identity(third)]).toEqual([canary, untouched]);
    expect((await configured()).images.candidate).toBe(images.new);
  });

  it("a wave that fails is taken back by itself when told to, and the exit code says so", async () => {
    const canary = await world.identity(first);
    const untouched = await world.identity(third);
    const { code, output } = await world.fleet("update", "--rollback");
    expect(output).toContain("The wave has failed and is taken back.");
    expect(code, output).toBe(3);
    expect(await running()).toEqual(on(images.new, images.old, images.old));
    expect([await world.identity(first), await world.identity(third)]).toEqual([canary, untouched]);
    expect((await configured()).group.wave).toBe(0);
    await world.removeSwitch(second, "not-ready");
  });

  it("update goes on to the last wave when told to, an update for each, and then says that it is the last", async () => {
    const all = ["update", "--to-wave", "2"];
    expect(await world.fleet(...all)).toMatchObject({
      code: 1,
      output: expect.stringContaining("Go to 1, or"),
    });
    const reports = () => readdir(join(world.folder, "evidence", world.stack, "reports"));
    const before = await reports();
    const { code, output } = await world.fleet(...all, "--yes-all-waves");
    expect(code, output).toBe(0);
    expect((await reports()).length - before.length).toBe(4);
    expect(await running()).toEqual(on(images.new, images.new, images.new));
    expect((await configured()).group.wave).toBe(2);
    const again = await world.fleet("update");
    expect(again).toMatchObject({ code: 0, output: expect.stringContaining("`fleet promote`") });
  });

  it("promote performs no operation: every container stays the one it was", async () => {
    const before = await Promise.all(world.instances.map((name) => world.identity(name)));
    const { code, output } = await world.fleet("promote");
    expect(code, output).toBe(0);
    expect(await Promise.all(world.instances.map((name) => world.identity(name)))).toEqual(before);
    expect(output).toContain(
      "the release before the previous one leaves the stack; its image stays on the host.",
    );
    expect(await dockerCommand("image", "inspect", "--format", "there", images.before)).toBe("there\n");
    const { images: named, group } = await configured();
    expect(named).toEqual({ stable: images.new, previous: images.old });
    expect(group.wave).toBe(0);
    const { output: preview } = await world.preview();
    expect(preview).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });

  it("drill starts the newest snapshot beside the workload, and puts the time on record", async () => {
    const before = await world.identity(first);
    const { code, output } = await world.fleet("drill", "--workload", first);
    expect(code, output).toBe(0);
    const records = await world.records(first);
    const newest = records.findLast((record) => record.kind === "snapshot" && record.role !== "pre-restore");
    expect(records.at(-1)).toMatchObject({
      kind: "drill",
      snapshot: newest?.kind === "snapshot" ? newest.snapshot : "none",
    });
    expect(await world.identity(first)).toEqual(before);
    expect(output).not.toContain("secret-of-");
  });

  it("rollback without a candidate goes back to the recorded previous release", async () => {
    const { code, output } = await world.fleet("rollback");
    expect(output).toMatch(`  ${first}: back fixture:2@`);
    expect(code, output).toBe(0);
    expect(await running()).toEqual(on(images.old, images.old, images.old));
    expect((await configured()).images).toEqual({ stable: images.old });
  });

  it("restore says what is lost, does it only when told to, and lists what may need a new login", async () => {
    await world.ask(third, "/messages", { method: "POST", body: { text: "written after the snapshot" } });
    const cold = (await world.records(third)).find(
      (record) => record.kind === "snapshot" && record.role === "cold",
    );
    const id = cold?.kind === "snapshot" ? cold.snapshot.slice(0, 8) : "";
    const before = await world.identity(third);
    const asked = await world.fleet("restore", "--workload", third, "--snapshot", id);
    expect(asked.output).toMatch(/You lose everything that .* has written in the .* since then\./);
    expect(asked).toMatchObject({ code: 0, output: expect.stringContaining("run the same with --yes") });
    expect(await world.identity(third)).toEqual(before);

    const file = await readFile(world.configFile, "utf8");
    const { code, output } = await world.fleet("restore", "--workload", third, "--snapshot", id, "--yes");
    expect(code, output).toBe(0);
    expect(output).toContain("paired devices and nodes");
    expect((await world.ask(third, "/messages")).body).toEqual([]);
    expect(await readFile(world.configFile, "utf8")).toBe(file);

    await world.ask(third, "/messages", { method: "POST", body: { text: "written after the restore" } });
    const again = await world.fleet("restore", "--workload", third, "--snapshot", id, "--yes");
    expect(again.code, again.output).toBe(0);
    expect((await world.ask(third, "/messages")).body).toEqual([]);
    const { output: preview } = await world.preview();
    expect(preview).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });

  it("while another update is under way, nothing is done and the stack file stays as it is", async () => {
    const pinned = await world.fleet("pin", "--image", "agent", "2");
    expect(pinned.code, pinned.output).toBe(0);
    const before = await readFile(world.configFile, "utf8");
    const { ended } = await world.startUpTo(first, "preflight");
    for (const command of ["rollback", "update"]) {
      const { code, output } = await world.fleet(command);
      expect(output).toMatch(/ found the state locked: another update of \w+ is under way/);
      expect(code).toBe(1);
      expect(await readFile(world.configFile, "utf8")).toBe(before);
    }
    await world.release(first, "preflight");
    const { code, output } = await ended;
    expect(code, output).toBe(0);
    expect(await running()).toEqual(on(images.new, images.old, images.old));
  });

  it("report tells the updates, what runs now and the checklist", async () => {
    const { code, output } = await world.fleet("report");
    expect(code).toBe(0);
    for (const name of world.instances) {
      const { Id, Config } = await world.inspect(name);
      expect(output).toContain(`| ${name} | \`${Config.Image}\` | \`${Id.slice(0, 12)}\` |`);
    }
    expect(output).toMatch(/## Checklist of update \d+\n\n- \[x\] Current version documented: /);
  });
});
