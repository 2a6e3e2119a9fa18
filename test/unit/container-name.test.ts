import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, it } from "vitest";
import { workloadsOf } from "../../config/rollout.ts";
import { adoptionEdits } from "../../fleet/adoption-lines.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { situationsOf } from "../../lifecycle/update/situations.ts";
import { lastKnownInput } from "../../lifecycle/workdir/last-known.ts";
import { adoptionOf } from "../../platforms/docker/adoption.ts";
import { containerArgs } from "../../platforms/docker/container-args.ts";
import { MemoryWorld } from "../support/memory-world.ts";
import { rawConfig, refusal, stable, whole } from "./config-fixture.ts";
import { inspected, inspectedImage } from "./inspected-container.ts";

const canary = { name: "canary", containerName: "Gateway_1" };
const named = { "instanceGroups.support.instances": [canary], "instanceGroups.support.waves": [1] };

describe("a container with another name than its instance", () => {
  it("is called so, and knows itself by the instance's name", () => {
    const [workload] = workloadsOf(parseStackConfig(rawConfig(named)));
    if (workload === undefined) throw new Error("there is no workload");
    const { name, containerName = "", container, state, stopGrace } = workload;
    const args = containerArgs(
      {
        ...{ stack: "s", name, containerName, image: stable, state, stopGrace },
        restoreEpoch: "",
        track: "runtime",
        trigger: "",
        missingTrigger: "",
        container,
      },
      { token: "t", named: pulumi.secret<Record<string, string>>({}) },
    );
    expect(args).toMatchObject({ name: "Gateway_1", hostname: "canary" });
    expect(args.labels).toContainEqual({ label: "clawforce.workload", value: "canary" });
    expect(args.volumes).toMatchObject([{ volumeName: "canary-state" }]);
  });

  it("has a name for itself", () => {
    const instances = [{ name: "canary", containerName: "support-1" }, "support-1"];
    expect(
      refusal({ "instanceGroups.support.instances": instances, "instanceGroups.support.waves": [1, "100%"] }),
    ).toBe(
      whole(
        'instanceGroups.support.instances[0].containerName: the container of clawforce:instanceGroups.support.instances[1] is called "support-1" too. Write another name.',
      ),
    );
  });

  it("is the control plane's matter where that manages the instance", () => {
    expect(refusal({ ...named, "instanceGroups.support.managed": true })).toContain(
      "instances[0].containerName: the control plane decides this for an instance that it manages. Remove the key.",
    );
  });

  it("is written by `fleet adopt`, and keeps its name", () => {
    const adoption = adoptionOf(inspected({ Name: "/oc_gateway_1" }), inspectedImage, {
      ...{ stateDirectory: "/home/node/.openclaw", port: 18789 },
    });
    const edits = adoptionEdits([adoption], { stack: "s", group: "g", agentImage: "i", settings: {} });
    expect(edits.at(-1)?.value).toMatchObject({
      instances: [{ name: "oc-gateway-1", containerName: "oc_gateway_1", adopt: "oc_gateway_1" }],
    });
  });
});

describe("a workload whose container has another name", () => {
  let world: MemoryWorld;

  beforeEach(() => {
    world = new MemoryWorld(stable, undefined, named);
  });

  const situation = async () => (await situationsOf(world.config, "test", world.platform))[0];

  it("is looked for under that name", async () => {
    expect((await situation())?.move.kind).toBe("first");
    world.platform.run("canary", stable);
    expect((await situation())?.observed).toBeUndefined();
    const { id } = world.platform.run("Gateway_1", stable, { id: "ours" });
    const found = await situation();
    expect(found?.observed?.id).toBe(id);
    expect(found?.input).toMatchObject({ name: "canary", container: "Gateway_1" });
  });

  it("is refused while a container of its own runs under another one", async () => {
    world.platform.run("canary", stable);
    world.platform.madeFor.set("canary", "canary");
    await expect(situation()).rejects.toThrow(
      "canary: its container runs and is called canary. Nothing was touched. A container keeps its name: write `containerName: canary`. " +
        "If somebody has renamed it: `docker rename canary Gateway_1`.",
    );
    world.platform.run("canary", stable, { running: false, status: "exited" });
    expect((await situation())?.observed).toBeUndefined();
  });

  it("is found by whom it was made for once it has left the configuration and nothing else says it", async () => {
    const mounts = [{ from: { volume: "v" }, at: "/home/node/.openclaw", writable: true }];
    world.platform.run("Gateway_1", stable, { mounts });
    world.platform.madeFor.set("Gateway_1", "canary");
    const { platform, config } = world;
    const input = await lastKnownInput(
      config,
      { stack: "test", name: "canary" },
      { platform, proxy: undefined },
    );
    expect(input).toMatchObject({ name: "canary", container: "Gateway_1", state: { volume: "v" } });
  });
});
