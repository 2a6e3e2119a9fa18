import { stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { workloadsOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { workloadInput } from "../../lifecycle/update/workload-input.ts";
import { inputOfUnit, lastKnownInput, rememberWorkload } from "../../lifecycle/workdir/last-known.ts";
import { DocumentDamaged, readDocument } from "../../lifecycle/workdir/whole-file.ts";
import type { Workload } from "../../lifecycle/workload.ts";
import { dockerWords } from "../../platforms/docker/words.ts";
import { platformOf } from "../../platforms/of-stack.ts";
import type { UnitMount } from "../../platforms/platform.ts";
import { scratchFolder } from "../support/scratch.ts";
import { rawConfig } from "./config-fixture.ts";

let directory: string;
let config: StackConfig;
let workload: Workload;
let folder: string;
let file: string;

beforeEach(() => {
  directory = scratchFolder();
  // No Docker host answers here: who asks it has not found the file.
  const changes = { "evidence.directory": directory, platform: { kind: "docker", host: "unix:///nowhere" } };
  config = parseStackConfig(rawConfig(changes));
  const [canary] = workloadsOf(config);
  if (canary === undefined) throw new Error("no workload");
  workload = workloadInput(config, "prod", canary);
  folder = join(directory, "prod", "canary");
  file = join(folder, "workload.json");
});

function lastKnown() {
  return lastKnownInput(
    config,
    { stack: "prod", name: "canary" },
    { platform: platformOf(config), proxy: undefined },
  );
}

describe("a workload that has left the configuration", () => {
  it("is known by what it was when it passed its gate, with its records where they are now", async () => {
    await rememberWorkload(folder, { ...workload, evidenceDirectory: "/elsewhere" });
    expect(await lastKnown()).toEqual(workload);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it.each<[string, () => Promise<void>]>([
    ["is not there", async () => {}],
    ["was cut off", () => truncate(file, 40)],
    ["is empty", () => truncate(file, 0)],
    ["is another document", () => writeFile(file, "[]")],
  ])("is asked of the Docker host when the file %s", async (_what, damage) => {
    if (_what !== "is not there") await rememberWorkload(folder, workload);
    await damage();
    await expect(lastKnown()).rejects.toThrow("The Docker host unix:///nowhere does not answer (ENOENT)");
  });

  const mounted = (...mounts: UnitMount[]) => ({ image: "agent:1", stopGrace: 12, isOwn: true, mounts });
  const stateVolume = { from: { volume: "v" }, at: "/data", writable: true };
  const { removeCommands } = dockerWords("unix:///nowhere");
  const remove = removeCommands("canary");
  const leaving = () => ({ config, stack: "prod", name: "canary", unit: "canary", file, remove });

  it("is stopped and copied as its container has it", () => {
    expect(inputOfUnit(leaving(), mounted(stateVolume), undefined)).toMatchObject({
      ...{ name: "canary", container: "canary", image: "agent:1", stopGrace: 12 },
      ...{ state: { volume: "v" }, mount: "/data", snapshots: config.snapshots },
    });
    const bound = { from: { directory: "/srv/canary" }, at: "/home/node/.openclaw", writable: true };
    const others = [
      { from: { directory: "/var/run/docker.sock" }, at: "/var/run/docker.sock", writable: true },
      { from: { directory: "/etc/certs" }, at: "/certs", writable: false },
      stateVolume,
    ];
    expect(inputOfUnit(leaving(), mounted(bound, ...others), undefined)).toMatchObject({
      ...{ state: { directory: "/srv/canary" }, mount: "/home/node/.openclaw" },
    });
  });

  it("keeps its way through the ingress, should it have to be put back", () => {
    const fronted = { ...config, ingress: { name: "proxy", hold: 300, drain: 10 } as StackConfig["ingress"] };
    const service = { state: "serving", hosts: ["a.example.com"], target: "canary:8123" } as const;
    const input = inputOfUnit({ ...leaving(), config: fronted }, mounted(stateVolume), {
      ...service,
      hosts: [...service.hosts],
    });
    expect(input).toMatchObject({
      port: 8123,
      ingress: { container: "proxy", hosts: ["a.example.com"], hold: 300, drain: 10 },
    });
  });

  it("is left alone when its container does not show which mount is its state", () => {
    const two = mounted(stateVolume, { ...stateVolume, from: { volume: "w" }, at: "/more" });
    expect(() => inputOfUnit(leaving(), two, undefined)).toThrow(
      `canary: it has left the configuration, and ${file} is missing or damaged. Its container does not show which of its mounts is its state (/data, /more). Nothing was done to it.`,
    );
  });

  it("is left alone when another one has its name", () => {
    const strange = { ...mounted(stateVolume), isOwn: false };
    expect(() => inputOfUnit(leaving(), strange, undefined)).toThrow(
      "canary: the stack prod did not make the container of this name. Nothing was done to it.",
    );
  });
});

describe("a document", () => {
  it("that is damaged is told apart from one that is not there", async () => {
    expect(await readDocument(file)).toBeUndefined();
    await rememberWorkload(folder, workload);
    await truncate(file, 40);
    await expect(readDocument(file)).rejects.toEqual(
      new DocumentDamaged(
        `${file} is damaged: it is no JSON document`,
        "Put it back from a copy. Without a copy, move it aside, but only when no update runs and its workload serves.",
      ),
    );
  });
});
