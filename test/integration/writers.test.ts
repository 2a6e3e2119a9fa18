import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { StateLocation } from "../../config/rollout.ts";
import { dockerClient } from "../../platforms/docker/client.ts";
import { otherWriters } from "../../platforms/docker/writers.ts";
import type { Parts } from "../support/parts.ts";
import { removeVolume } from "../support/removal.ts";
import { partsOfThisRun } from "../support/world.ts";

/** What really has a state open on a real Docker host, under whatever name. */
describe("another writer on a state", () => {
  let parts: Parts;
  let docker: Docker;
  let folder: string;
  let prefix: string;
  const containers: string[] = [];

  beforeAll(async () => {
    parts = await partsOfThisRun();
    docker = dockerClient(parts.dockerHost);
    folder = await mkdtemp(join(tmpdir(), "clawforce-writers-"));
    prefix = basename(folder).toLowerCase();
    await mkdir(join(folder, "state/agents"), { recursive: true });
    await mkdir(join(folder, "other"));
    await symlink(join(folder, "state"), join(folder, "link"));
    await docker.createVolume({ Name: `${prefix}-volume` });
    await docker.createVolume({ Name: `${prefix}-other` });
    await docker.createVolume({
      Name: `${prefix}-device`,
      DriverOpts: { type: "none", o: "bind", device: join(folder, "state") },
    });
  });
  afterEach(async () => {
    for (const name of containers.splice(0)) {
      await docker.getContainer(name).remove({ force: true });
    }
  });
  afterAll(async () => {
    for (const name of ["volume", "other", "device"]) {
      await removeVolume(docker, `${prefix}-${name}`);
    }
    await rm(folder, { recursive: true });
  });

  async function container(
    bind: string,
    { restart = "no", run = true }: { restart?: string; run?: boolean } = {},
  ): Promise<Docker.Container> {
    const name = `${prefix}-${containers.length}`;
    const created = await docker.createContainer({
      name,
      Image: parts.images.tools,
      Cmd: ["sleep", "600"],
      StopTimeout: 1,
      HostConfig: { NetworkMode: "none", Binds: [bind], RestartPolicy: { Name: restart } },
    });
    containers.push(name);
    if (run) await created.start();
    return created;
  }

  /** The names of those that are found, without what all of this test have in common. */
  async function found(state: StateLocation): Promise<string[]> {
    const bot = `${prefix}-bot`;
    const writers = await otherWriters(docker, {
      name: bot,
      unit: bot,
      state: [state],
      image: parts.images.tools,
    });
    return writers.filter(({ name }) => name.startsWith(prefix)).map(({ place }) => place);
  }

  const volume = () => ({ volume: `${prefix}-volume` });
  const directory = () => ({ directory: join(folder, "state") });
  const mountpoint = async () => (await docker.getVolume(`${prefix}-volume`).inspect()).Mountpoint;

  it("on a volume: the same one, and its folder by itself or through a link", async () => {
    const data = await mountpoint();
    await symlink(data, join(folder, "to-data"));
    await container(`${prefix}-volume:/x`);
    await container(`${data}:/x`);
    await container(`${join(folder, "to-data")}:/x`);
    await container(`${prefix}-other:/x`);
    await container(`${join(folder, "other")}:/x`);
    expect((await found(volume())).toSorted()).toEqual(
      [
        `the volume ${prefix}-volume`,
        `the directory ${data}`,
        `the directory ${join(folder, "to-data")}`,
      ].toSorted(),
    );
  });

  it("on a directory: a link to it, a folder in it, one around it, and a volume made of it", async () => {
    await container(`${join(folder, "link")}:/x`);
    await container(`${join(folder, "state/agents")}:/x`);
    await container(`${prefix}-device:/x`);
    await container(`${join(folder, "link/agents")}:/x`);
    await container(`${join(folder, "other")}:/x`);
    await container(`${prefix}-other:/x`);
    expect((await found(directory())).toSorted()).toEqual(
      [
        `the directory ${join(folder, "link")}`,
        `the directory ${join(folder, "state/agents")}`,
        `the directory ${join(folder, "link/agents")}`,
        `the volume ${prefix}-device`,
      ].toSorted(),
    );
  });

  it("on a volume that was made of a directory: the directory", async () => {
    await container(`${join(folder, "state")}:/x`);
    await container(`${join(folder, "other")}:/x`);
    expect(await found({ volume: `${prefix}-device` })).toEqual([`the directory ${join(folder, "state")}`]);
  });

  it("and not who only reads, nor a tool that has the volumes of all", async () => {
    const volumes = (await mountpoint()).split("/").slice(0, -2).join("/");
    await container(`${prefix}-volume:/x:ro`);
    await container(`${volumes}:/x`);
    expect(await found(volume())).toEqual([]);
  });

  it("paused, and stopped where Docker would start it again; not when a person stopped it for good", async () => {
    const paused = await container(`${prefix}-volume:/paused`);
    await paused.pause();
    const always = await container(`${prefix}-volume:/always`, { restart: "always" });
    await always.stop({ t: 0 });
    const stopped = await container(`${prefix}-volume:/stopped`, { restart: "unless-stopped" });
    await stopped.stop({ t: 0 });
    await container(`${prefix}-volume:/created`, { run: false });
    expect(await found(volume())).toHaveLength(2);
    await paused.unpause();
  });

  it("makes nothing: a volume and a folder that are not there stay away", async () => {
    await container(`${join(folder, "other")}:/x`);
    expect(await found({ volume: `${prefix}-none` })).toEqual([]);
    expect(await found({ directory: join(folder, "none") })).toEqual([]);
    const { Volumes } = await docker.listVolumes();
    expect(Volumes.map(({ Name }) => Name)).not.toContain(`${prefix}-none`);
    await expect(rm(join(folder, "none"))).rejects.toThrow("ENOENT");
  });
});
