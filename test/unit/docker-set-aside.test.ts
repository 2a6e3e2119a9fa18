import type Docker from "dockerode";
import { expect, test } from "vitest";
import { putBack, setAside, waysBack } from "../../platforms/docker/set-aside.ts";

const name = "bot-before-adoption";

/** An engine with one stopped container; what it is told is written down. */
function engineWith({ mode = "desk_default", networks = ["desk_default"], full = false }) {
  const told: string[] = [];
  const joined = new Set(networks);
  const container = {
    update: async ({ RestartPolicy }: { RestartPolicy: { Name: string } }) =>
      void told.push(`restart ${RestartPolicy.Name}`),
    rename: async (to: { name: string }) => void told.push(`rename ${to.name}`),
    inspect: async () => ({
      Name: "/bot",
      HostConfig: { NetworkMode: mode },
      NetworkSettings: { Networks: Object.fromEntries([...joined].map((each) => [each, {}])) },
    }),
  };
  const docker = {
    getContainer: () => container,
    createNetwork: async ({ Name }: { Name: string }) => {
      if (full) throw new Error("all predefined address pools have been fully subnetted");
      told.push(`make ${Name}`);
      return {
        connect: async () => void joined.add(Name),
        remove: async () => void told.push(`remove ${Name}`),
      };
    },
    getNetwork: (network: string) => ({
      disconnect: async () => {
        joined.delete(network);
        told.push(`leave ${network}`);
      },
    }),
  };
  return { docker: docker as unknown as Docker, told, joined };
}

test("a container is set aside without its policy, under its name, and in a network that is gone", async () => {
  const { docker, told, joined } = engineWith({});
  expect(await setAside(docker, "id", name)).toBeUndefined();
  const bar = `${name}.is-kept-stopped`;
  expect(told).toEqual(["restart no", `rename ${name}`, `make ${bar}`, `remove ${bar}`]);
  expect([...joined]).toEqual(["desk_default", bar]);
  expect(await setAside(docker, "id", name)).toBeUndefined();
  expect([...joined]).toEqual(["desk_default", bar]);
});

test("it comes back without that network, under its name, with its policy", async () => {
  const { docker, told, joined } = engineWith({ networks: ["desk_default", `${name}.is-kept-stopped`] });
  await putBack(docker, { id: "id", name: "gateway", restart: "on-failure:7" });
  expect(told).toEqual([`leave ${name}.is-kept-stopped`, "rename gateway", "restart on-failure"]);
  expect([...joined]).toEqual(["desk_default"]);
});

test.each(["host", "none", "container:vpn"])(
  "with the network mode %s it is said that it can be started",
  async (mode) => {
    const { docker, told } = engineWith({ mode, networks: [] });
    expect(await setAside(docker, "id", name)).toBe("it has no network of its own");
    expect(told).toEqual(["restart no", `rename ${name}`]);
  },
);

test("an engine that has no room for a network says so, and the adoption goes on", async () => {
  const { docker } = engineWith({ full: true });
  expect(await setAside(docker, "id", name)).toContain("fully subnetted");
});

test("the commands for a person undo each of it", () => {
  expect(
    waysBack(
      { id: "id", name: "bot", restart: "always" },
      { kept: name, own: "bot-a", failed: "bot-a-failed" },
    ),
  ).toEqual([
    "docker stop bot-a",
    "docker rename bot-a bot-a-failed",
    `docker network disconnect ${name}.is-kept-stopped ${name}`,
    `docker rename ${name} bot`,
    "docker update --restart=always bot",
    "docker start bot",
  ]);
});
