import { describe, expect, test } from "vitest";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import {
  candidate,
  digest,
  previous,
  rawConfig,
  refusal,
  stable,
  type Wrong,
  whole,
} from "./config-fixture.ts";

const group = "instanceGroups.support";

const wrong: Wrong[] = [
  [
    "a group on an agent image that is not there",
    { [`${group}.agentImage`]: "chromum" },
    `${group}.agentImage: no agent image is called "chromum". Add it under clawforce:agentImages, or did you mean "chromium"?`,
  ],
  [
    "a candidate that is the stable release under another tag",
    { "agentImages.chromium.candidate": `other/agent:2@${digest("a")}` },
    "agentImages.chromium.candidate: agent:2@aaaaaaaaaaaa is the same image as `stable`: there would be nothing to roll out. Write the new version, or remove `candidate`.",
  ],
  [
    "a previous release that is the stable one",
    { "agentImages.chromium.previous": stable },
    "agentImages.chromium.previous: agent-chromium:1.4.2-openclaw-2026.4.15@aaaaaaaaaaaa is the same image as `stable`: there would be nothing to go back to. Write the release before, or remove `previous`.",
  ],
  [
    "a previous release that is the candidate",
    { "agentImages.chromium.previous": candidate },
    "agentImages.chromium.previous: agent-chromium:1.4.2-openclaw-2026.4.23@bbbbbbbbbbbb is the same image as `candidate`: going back would go forward. Write the release before `stable`, or remove `previous`.",
  ],

  [
    "a wave beyond the last",
    { [`${group}.wave`]: 4 },
    `${group}.wave: there is no wave 4: the last of \`waves\` is 3. Write 0 to 3.`,
  ],
  [
    "a wave that is none",
    { [`${group}.waves`]: [1, "101%"] },
    `${group}.waves[1]: "101%" is no wave. Write a count (2) or a share (25%).`,
  ],
  [
    "a wave that is a flag",
    { [`${group}.waves`]: [1, true] },
    `${group}.waves[1]: expected a wave. Write a count (2) or a share (25%).`,
  ],
  [
    "a canary of two",
    { [`${group}.waves`]: ["50%", "100%"] },
    `${group}.waves[0]: the first wave comes to 2 instances, but the canary is exactly one. Write 1.`,
  ],
  [
    "waves that shrink and leave instances behind",
    { [`${group}.waves`]: [1, 3, "50%"] },
    `${group}.waves[2]: the wave comes to 2 instances, fewer than the 3 of the wave before. Write waves that grow, as in [1, "25%", "100%"].`,
    `${group}.waves[2]: the last wave leaves 2 instances of 4 behind. End with "100%".`,
  ],

  [
    "one name twice, in one group and across groups",
    {
      [`${group}.instances`]: ["canary", "canary"],
      "instanceGroups.sales": { agentImage: "chromium", instances: [{ name: "canary", volume: "sales" }] },
    },
    `${group}.instances[1]: the name "canary" is taken by clawforce:${group}.instances[0]. Write another name.`,
    `instanceGroups.sales.instances[0]: the name "canary" is taken by clawforce:${group}.instances[0]. Write another name.`,
  ],
  [
    "one port published twice",
    {
      [`${group}.instances`]: [
        { name: "canary", publish: 8080 },
        { name: "support-1", publish: 8080 },
      ],
    },
    `${group}.instances[1].publish: port 8080 is published by "canary" already. Write another port.`,
  ],
  [
    "two gateways on one volume, one of them by default",
    { [`${group}.instances`]: ["canary", { name: "support-1", volume: "canary-state" }] },
    `${group}.instances[1].volume: its state "canary-state" is or overlaps the state "canary-state" of "canary", and two gateways on one state destroy it. Give each its own.`,
  ],
  [
    "two gateways on one directory, written differently",
    {
      [`${group}.instances`]: [
        { name: "canary", directory: "/srv/a" },
        { name: "support-1", directory: "//srv/./b/../a/" },
      ],
    },
    `${group}.instances[1].directory: its state "//srv/./b/../a/" is or overlaps the state "/srv/a" of "canary", and two gateways on one state destroy it. Give each its own.`,
  ],
  [
    "one state inside another",
    {
      [`${group}.instances`]: [
        { name: "canary", directory: "/srv/a/b" },
        { name: "support-1", directory: "/srv" },
        { name: "support-2", directory: "/srv2" },
      ],
    },
    `${group}.instances[1].directory: its state "/srv" is or overlaps the state "/srv/a/b" of "canary", and two gateways on one state destroy it. Give each its own.`,
  ],
  [
    "a directory that is another's volume",
    {
      [`${group}.instances.1`]: {
        name: "support-1",
        directory: "/var/lib/docker/volumes/canary-state/_data",
      },
    },
    `${group}.instances[1].directory: its state "/var/lib/docker/volumes/canary-state/_data" is or overlaps the state "canary-state" of "canary", and two gateways on one state destroy it. Give each its own.`,
  ],
  [
    "snapshots inside the state",
    {
      [`${group}.instances.1`]: { name: "support-1", directory: "/var/lib" },
      [`${group}.instances.2`]: { name: "support-2", directory: "/srv" },
      [`${group}.instances.3`]: { name: "support-3", directory: "/opt/openclaw" },
    },
    `${group}.instances[1].directory: its state "/var/lib" is or overlaps the state "canary-state" of "canary", and two gateways on one state destroy it. Give each its own.`,
    `${group}.instances[1].directory: its state "/var/lib" overlaps clawforce:snapshots.repositories "/var/lib/clawforce/snapshots", and a restore would wipe the snapshots. Keep them apart.`,
  ],
];

describe("refuses", () => {
  test.each(wrong)("%s", (_title, changes, ...lines) => {
    expect(refusal(changes)).toBe(whole(...lines));
  });
});

describe("accepts", () => {
  test("a candidate from another repository", () => {
    const other = `ghcr.io/openclaw/openclaw:2026.4.23@${digest("e")}`;
    const config = parseStackConfig(rawConfig({ "agentImages.chromium.candidate": other }));
    expect(config.agentImages.chromium).toEqual({ stable, candidate: other, previous });
  });

  test("waves that do not grow, and directories that only begin alike", () => {
    const waves = [1, 1, "100%"];
    const instances = [
      { name: "canary", directory: "/srv/a" },
      { name: "support-1", directory: "/srv/a-1" },
      { name: "support-2", directory: "/srv/..a" },
      { name: "support-3", directory: "/srv/a..b" },
    ];
    const config = parseStackConfig(
      rawConfig({ [`${group}.waves`]: waves, [`${group}.instances`]: instances }),
    );
    expect(config.instanceGroups.support).toMatchObject({ waves, instances });
  });

  test("groups that share no name, and one instance that is its own canary", () => {
    const changes = { "instanceGroups.sales": { agentImage: "chromium", instances: ["sales-1"] } };
    expect(parseStackConfig(rawConfig(changes)).instanceGroups.sales?.waves).toEqual([1, "100%"]);
  });
});
