import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, it } from "vitest";
import { adoptionEdits } from "../../fleet/adoption-lines.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { describePlan } from "../../lifecycle/update/plan.ts";
import { prepare } from "../../lifecycle/update/prepare.ts";
import { situationsOf } from "../../lifecycle/update/situations.ts";
import { specOf } from "../../lifecycle/update/workload-spec.ts";
import { adoptionOf } from "../../platforms/docker/adoption.ts";
import { containerArgs } from "../../platforms/docker/container-args.ts";
import { MemoryWorld } from "../support/memory-world.ts";
import { type Changes, digest, rawConfig, refusal, stable, whole } from "./config-fixture.ts";
import { inspected, inspectedImage } from "./inspected-container.ts";

const alone = ["canary"];
const group = (container: object, instances: unknown[] = alone) => ({
  "instanceGroups.support.instances": instances,
  "instanceGroups.support.waves": [1, "100%"],
  "instanceGroups.support.container": container,
});

function argsOf(networkMode: string) {
  const config = parseStackConfig(rawConfig(group({ networkMode })));
  const container = config.instanceGroups.support?.container;
  if (container === undefined) throw new Error("there is no group");
  return containerArgs(
    {
      ...{ stack: "s", name: "canary", image: stable, state: { volume: "v" }, stopGrace: 30 },
      ...{ restoreEpoch: "", trigger: "", missingTrigger: "", track: "runtime" as const, container },
    },
    { token: "t", named: pulumi.secret<Record<string, string>>({}) },
  );
}

describe("a network that is not a container's own", () => {
  it.each(["host", "none"])("takes the place of all others: %s", (networkMode) => {
    const args = argsOf(networkMode);
    expect(args).toMatchObject({ networkMode, hostname: "canary" });
    expect(args).not.toHaveProperty("networksAdvanced");
  });

  it("comes with the name of its container, so that Docker takes no other one", () => {
    const args = argsOf("container:vpn");
    expect(args).toMatchObject({ networkMode: "container:vpn" });
    expect(args).not.toHaveProperty("hostname");
  });

  it.each<[string, Changes, string[]]>([
    [
      "what Compose calls it",
      group({ networkMode: "service:tailscale" }),
      [
        "instanceGroups.support.container.networkMode: no network mode of Docker's. Write host, none, or container:NAME with the name of a container. Compose's \"service:NAME\" is container:NAME here.",
      ],
    ],
    [
      "a network beside it",
      group({ networkMode: "host", network: "agents", ports: [{ container: 1, host: 2 }] }),
      ["network", "ports"].map(
        (key) =>
          `instanceGroups.support.container.${key}: with \`networkMode: host\` the container has no network of its own, and Docker would not heed this. Remove one of them.`,
      ),
    ],
    [
      "names for another container's network",
      group({ networkMode: "container:vpn", extraHosts: { a: "1.2.3.4" } }),
      [
        "instanceGroups.support.container.extraHosts: with `networkMode: container:vpn` the container has no network of its own, and Docker would not heed this. Remove one of them.",
      ],
    ],
    [
      "a published port and names at the ingress",
      {
        ...group({ networkMode: "none" }, [{ name: "canary", publish: 1, hosts: ["a.test"] }]),
        ingress: { image: `proxy:1@${digest("9")}` },
      },
      [
        "instanceGroups.support.instances[0].publish: with `networkMode: none` Docker publishes no port. Remove one of them.",
        "instanceGroups.support.instances[0].hosts: the ingress reaches a container by its network, and with `networkMode: none` it has none of its own. Remove one of them.",
      ],
    ],
    [
      "two instances in one network of another container",
      group({ networkMode: "container:vpn" }, ["canary", "support-1"]),
      [
        "instanceGroups.support.container.networkMode: 2 instances would listen on the same port of one network. Write a group for each, with a `port` of its own.",
      ],
    ],
    [
      "two instances in the host's network",
      group({ networkMode: "host" }, ["canary", "support-1"]),
      [
        'instanceGroups.support.container.networkMode: port 18789 is published by "canary" already. Write another port.',
      ],
    ],
    [
      "a container that updates make anew",
      {
        ...group({ networkMode: "container:other" }),
        "instanceGroups.more": { agentImage: "chromium", instances: ["other"], waves: [1] },
      },
      [
        "instanceGroups.support.container.networkMode: other is made anew by updates of this stack, and this container would lose its network with it. Write a `network` that both are in.",
      ],
    ],
  ])("is refused with %s", (_, changes, lines) => {
    expect(refusal(changes)).toBe(whole(...lines));
  });

  it("says what limits the number of processes, because the provider can't", () => {
    expect(refusal(group({ options: { pidsLimit: 512 } }))).toContain(
      "the Docker provider can't limit the number of processes. Write `cgroupParent` with a slice of the host that has a TasksMax.",
    );
  });
});

describe("a container that runs already in another one's network", () => {
  it.each(["host", "container:vpn"])("keeps it: %s", (networkMode) => {
    const HostConfig = { NetworkMode: networkMode, PortBindings: { "18789/tcp": [{ HostPort: "80" }] } };
    const asked = { stateDirectory: "/home/node/.openclaw", port: 18789 };
    const adoption = adoptionOf(inspected({ HostConfig }), inspectedImage, asked);
    expect(adoption.settings).toEqual({ networkMode });
    expect(adoption).not.toHaveProperty("publish");
    const both = [adoption, { ...adoption, container: "gateway-2", instance: "gateway-2" }];
    const edits = adoptionEdits(both, { stack: "s", group: "g", agentImage: "i", settings: {} });
    // One group each: they would listen on one port.
    expect(edits.map(({ path }) => path.join("."))).toEqual([
      "agentImages.i",
      "instanceGroups.g",
      "instanceGroups.g-2",
    ]);
  });
});

describe("an update of a container in another one's network", () => {
  let world: MemoryWorld;

  beforeEach(() => {
    world = new MemoryWorld(stable, undefined, group({ networkMode: "container:vpn" }));
    world.platform.networkOf.set("web", "vpn");
    world.platform.networkOf.set("canary", "vpn");
  });

  const prepared = async () => {
    const [situation] = await situationsOf(world.config, "test", world.platform);
    if (situation === undefined) throw new Error("there is no workload");
    const context = { ...world.context, workload: situation.input };
    return prepare(context, { workload: situation.input });
  };

  it("says who else stands in it", async () => {
    world.platform.run("vpn", "vpn:1");
    await prepared();
    expect(world.said.join("\n")).toContain("has the network of vpn, web");
  });

  it.each<[string, () => void, string]>([
    [
      "is stopped",
      () => world.platform.run("vpn", "vpn:1", { running: false }),
      "canary is to have the network of vpn, which is stopped. Nothing was touched. Start it first: `docker start vpn`.",
    ],
    [
      "is not there",
      () => {},
      "canary is to have the network of vpn, which is not there. Nothing was touched. Make that container first, or take `networkMode` out.",
    ],
  ])("is refused while that one %s, before anything is stopped", async (_, arrange, message) => {
    arrange();
    await expect(prepared()).rejects.toThrow(message);
    expect(world.did).toEqual([]);
  });

  describe("at the preview", () => {
    const situation = async () => {
      const [found] = await situationsOf(world.config, "test", world.platform);
      if (found === undefined) throw new Error("there is no workload");
      return found;
    };
    const specNow = async () => specOf(world.config, await situation());

    it("has it by the id of that container, which is what the engine shows", async () => {
      world.platform.run("vpn", "vpn:1", { id: "id-of-vpn" });
      const { container, keeps } = await specNow();
      expect(container.networkMode).toBe("container:id-of-vpn");
      expect(keeps.network).toBe(false);
    });

    it("keeps what it has while that container is gone", async () => {
      const { container, keeps } = await specNow();
      expect(container.networkMode).toBe("container:vpn");
      expect(keeps.network).toBe(true);
    });

    it("says that it is made anew with that container", async () => {
      const { id } = world.platform.run("vpn", "vpn:1", { id: "new" });
      const observed = { ...{ id: "c", image: stable, state: "running", serves: true }, networkOf: "old" };
      const now = { ...(await situation()), observed };
      const line = "canary: vpn was made anew, and has taken its network: its container is made anew as well";
      expect(describePlan([now])).toContain(line);
      expect(describePlan([{ ...now, observed: { ...observed, networkOf: id } }])).not.toContain(line);
    });
  });
});
