import type Docker from "dockerode";
import { beforeEach, describe, expect, it } from "vitest";
import { removeAllWith } from "../support/removal.ts";

/** An engine with this in it. A container that is on its way out is removed at the second attempt. */
class Engine {
  readonly containers = new Map<string, { Names: string[]; Labels: Record<string, string> }>();
  readonly volumes = new Set<string>();
  readonly networks = new Set<string>();
  readonly usedBy = new Map<string, string>();
  readonly leaving = new Set<string>();

  get docker(): Docker {
    const refuse = (statusCode: number, text: string) => Object.assign(new Error(text), { statusCode });
    const inUse = (name: string) => this.containers.has(this.usedBy.get(name) ?? "");
    const engine = {
      listContainers: async () => [...this.containers].map(([Id, container]) => ({ Id, ...container })),
      listVolumes: async () => ({ Volumes: [...this.volumes].map((Name) => ({ Name })) }),
      listNetworks: async () => [...this.networks].map((Name) => ({ Id: Name, Name })),
      getContainer: (id: string) => ({
        remove: async () => {
          if (this.leaving.delete(id)) throw refuse(409, `removal of container ${id} is already in progress`);
          if (!this.containers.delete(id)) throw refuse(404, `no such container: ${id}`);
        },
      }),
      getVolume: (name: string) => ({
        remove: async () => {
          if (inUse(name)) throw refuse(409, `remove ${name}: volume is in use`);
          this.volumes.delete(name);
        },
      }),
      getNetwork: (name: string) => ({
        remove: async () => {
          if (inUse(name)) throw refuse(403, `network ${name} has active endpoints`);
          this.networks.delete(name);
        },
      }),
    };
    return engine as unknown as Docker;
  }
}

describe("what a test leaves on its engine", () => {
  let engine: Engine;
  beforeEach(() => {
    engine = new Engine();
  });

  const removed = () => removeAllWith("tabcdef", engine.docker, 0);

  it("is found by its name or its labels, and nothing else is", async () => {
    engine.containers.set("1", { Names: ["/tabcdef-1"], Labels: {} });
    engine.containers.set("2", { Names: ["/bot-tabcdef-canary"], Labels: {} });
    engine.containers.set("3", { Names: ["/busy_name"], Labels: { "clawforce.stack": "tabcdef" } });
    engine.containers.set("4", { Names: ["/other"], Labels: { "clawforce.one-shot": "tabcdef-1/copy" } });
    engine.containers.set("5", { Names: ["/tabcdefg-1"], Labels: { "clawforce.stack": "tabcdefg" } });
    for (const volume of ["tabcdef-1-state", "clawforce-drill-tabcdef-1", "xtabcdef"])
      engine.volumes.add(volume);
    for (const network of ["tabcdef_net", "bridge"]) engine.networks.add(network);
    await removed();
    expect([...engine.containers.keys()]).toEqual(["5"]);
    expect([...engine.volumes]).toEqual(["xtabcdef"]);
    expect([...engine.networks]).toEqual(["bridge"]);
  });

  it("may be on its way out, and keep its volume and its network for a moment longer", async () => {
    engine.containers.set("1", { Names: ["/tabcdef-1"], Labels: {} });
    engine.leaving.add("1");
    engine.volumes.add("tabcdef-1-state").add("tabcdef-2-state");
    engine.networks.add("tabcdef-network");
    for (const name of ["tabcdef-1-state", "tabcdef-network"]) engine.usedBy.set(name, "1");
    await removed();
    expect([engine.containers.size, engine.volumes.size, engine.networks.size]).toEqual([0, 0, 0]);
  });

  it("is said to be in use when it stays so", async () => {
    engine.volumes.add("tabcdef-1-state");
    engine.containers.set("9", { Names: ["/stranger"], Labels: {} });
    engine.usedBy.set("tabcdef-1-state", "9");
    await expect(removed()).rejects.toThrow("volume is in use");
  });
});
