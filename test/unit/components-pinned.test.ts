import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { fleetOf, secretText } from "../support/fleet-program.ts";
import { type Registered, withSecrets } from "../support/mock-engine.ts";
import { type PinnedProgram, pinned } from "../support/pinned-program.ts";
import { type Changes, digest, rawConfig } from "./config-fixture.ts";

/*
 * What stands in people's state. A line that changes here is an operation on what they run: another URN takes a resource
 * away and makes another one, another input may replace a container. After a change that is meant, run this file with
 * `-u`, and read what it did to test/unit/pinned before you commit that.
 */

const group = "clawforce:fleet:Fleet$clawforce:fleet:InstanceGroup";
const workload = `${group}$clawforce:fleet:Workload`;

function urnsOfGateway(name: string): string[] {
  return [
    `clawforce:fleet:Fleet$command:local:Command::${name}-preparation`,
    `${workload}::${name}`,
    `${workload}$docker:index/volume:Volume::${name}-state`,
    `${workload}$docker:index/container:Container::${name}`,
    `${workload}$command:local:Command::${name}-serving`,
    `${workload}$command:local:Command::${name}-gate`,
    `${workload}$command:local:Command::${name}-verification`,
  ];
}

const everyFleet = [
  "clawforce:fleet:Fleet::fleet",
  "clawforce:fleet:Fleet$pulumi:providers:docker::fleet",
  "clawforce:fleet:Fleet$docker:index/network:Network::clawforce",
  "clawforce:fleet:Fleet$clawforce:fleet:AgentImage::chromium",
  "clawforce:fleet:Fleet$clawforce:fleet:AgentImage$docker:index/remoteImage:RemoteImage::chromium-aaaaaaaaaaaa",
  "clawforce:fleet:Fleet$clawforce:fleet:AgentImage$docker:index/remoteImage:RemoteImage::chromium-bbbbbbbbbbbb",
  "clawforce:fleet:Fleet$clawforce:fleet:AgentImage$docker:index/remoteImage:RemoteImage::chromium-cccccccccccc",
  `${group}::support`,
];

const plane = "clawforce:fleet:Fleet$clawforce:fleet:ControlPlane";
const ingress = "clawforce:fleet:Fleet$clawforce:fleet:Ingress";
const managed = `${group}$clawforce:fleet:ManagedWorkload`;

const stacks: { stack: string; changes: Changes; urns: string[] }[] = [
  {
    stack: "whole",
    changes: {
      controlPlane: {
        image: `clawforceone/clawforce:1.4.2@${digest("e")}`,
        previous: `clawforceone/clawforce:1.4.1@${digest("f")}`,
        publish: 8000,
        hosts: ["control.test"],
        account: { username: "fleet", passwordVariable: "ADMIN_PASSWORD" },
        backups: { directory: "/srv/backups" },
        defaultAgentImage: "chromium",
      },
      "instanceGroups.support": {
        agentImage: "chromium",
        instances: [
          { name: "canary", publish: 18_789, hosts: ["canary.test"] },
          { name: "support-1", hosts: ["one.test"] },
          "support-2",
        ],
        waves: [1, "100%"],
        wave: 0,
        bake: "30m",
        container: {
          command: ["gateway", "--bind", "lan"],
          user: "1000:1000",
          environment: { NODE_ENV: "production" },
          tokenVariable: "OPENCLAW_GATEWAY_TOKEN",
          memory: "1 GiB",
        },
      },
      "instanceGroups.made": { agentImage: "chromium", instances: ["made-1", "made-2"], managed: true },
      ingress: {
        image: `registry.example.com/kamal-proxy:0.9.2@${digest("9")}`,
        publish: { address: "0.0.0.0", port: 8080 },
      },
    },
    urns: [
      ...everyFleet,
      `${plane}::control-plane`,
      `${plane}$docker:index/remoteImage:RemoteImage::control-plane-eeeeeeeeeeee`,
      `${plane}$docker:index/remoteImage:RemoteImage::control-plane-ffffffffffff`,
      "clawforce:fleet:Fleet$command:local:Command::clawforce-preparation",
      `${plane}$clawforce:fleet:Workload::clawforce`,
      `${plane}$clawforce:fleet:Workload$docker:index/volume:Volume::clawforce-state`,
      `${plane}$clawforce:fleet:Workload$docker:index/container:Container::clawforce`,
      `${plane}$clawforce:fleet:Workload$command:local:Command::clawforce-serving`,
      `${plane}$clawforce:fleet:Workload$command:local:Command::clawforce-gate`,
      `${plane}$clawforce:fleet:Workload$command:local:Command::clawforce-verification`,
      `${ingress}::ingress`,
      `${ingress}$docker:index/remoteImage:RemoteImage::ingress-999999999999`,
      `${ingress}$docker:index/volume:Volume::ingress-state`,
      `${ingress}$docker:index/container:Container::ingress`,
      ...["canary", "support-1", "support-2"].flatMap(urnsOfGateway),
      "clawforce:fleet:Fleet$command:local:Command::support-wave-0-bake",
      "clawforce:fleet:Fleet$command:local:Command::support-wave-1-bake",
      `${group}::made`,
      ...["made-1", "made-2"].flatMap((name) => [
        `clawforce:fleet:Fleet$command:local:Command::${name}-preparation`,
        `${managed}::${name}`,
        `${managed}$command:local:Command::${name}-move`,
        `${managed}$command:local:Command::${name}-verification`,
      ]),
      "clawforce:fleet:Fleet$command:local:Command::default-image",
    ],
  },
  {
    stack: "small",
    changes: { "instanceGroups.support.instances": ["canary", "support-1", "support-2"] },
    urns: [...everyFleet, ...["canary", "support-1", "support-2"].flatMap(urnsOfGateway)],
  },
];

describe.each(stacks)("a $stack stack", ({ stack, changes, urns }) => {
  const file = fileURLToPath(new URL(`./pinned/${stack}.json`, import.meta.url));
  const before = JSON.parse(readFileSync(file, "utf8")) as PinnedProgram;
  let all: Registered[];
  let now: PinnedProgram;

  beforeAll(async () => {
    all = await fleetOf(parseStackConfig(rawConfig(changes)));
    now = pinned(all);
  });

  test("has these resources and no other", () => {
    expect(all.map(({ urn }) => urn).toSorted()).toEqual(
      urns.map((urn) => `urn:pulumi:test::clawforce::${urn}`).toSorted(),
    );
    expect(Object.keys(now.resources)).toHaveLength(all.length);
  });

  test.each(Object.keys(before.resources))("asks for the %s as ever", (name) => {
    expect(text(now.resources[name])).toBe(text(before.resources[name]));
  });

  test.each(Object.keys(before.told))("tells the programs of %s the same as ever", (name) => {
    expect(text(now.told[name])).toBe(text(before.told[name]));
  });

  test("shows no secret", () => {
    const plain = JSON.stringify(withSecrets(all, () => "a secret"));
    expect(plain).toContain('"a secret"');
    expect(plain).not.toContain(secretText);
  });

  test("is what is written down, and nothing more is", async () => {
    await expect(`${text(now)}\n`).toMatchFileSnapshot(file);
  });
});

function text(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
