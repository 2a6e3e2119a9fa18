import { describe, expect, test } from "vitest";
import { containerOf, workloadsOf } from "../../config/rollout.ts";
import { hasPlaceName, pathOfPlace, placeName, type StatePlace } from "../../config/state-places.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { workloadInput } from "../../lifecycle/update/workload-input.ts";
import { statePlaces } from "../../lifecycle/workload.ts";
import { type Changes, rawConfig, refusal, type Wrong, whole } from "./config-fixture.ts";

const home = "/home/node/.openclaw";
const workspace = `${home}/workspace`;
const group = "instanceGroups.support";

function mount(source: string, target = workspace, more: object = { state: true }): object {
  return { kind: source.startsWith("/") ? "bind" : "volume", source, target, ...more };
}

function instances(...own: object[][]): Changes {
  const [canary, other] = own.map((mounts, index) => ({ name: index === 0 ? "canary" : "b", mounts }));
  return { [`${group}.instances`]: [canary ?? "canary", other ?? "b"], [`${group}.waves`]: [1, "100%"] };
}

function placesOf(changes: Changes): StatePlace[][] {
  const config = parseStackConfig(rawConfig(changes));
  return workloadsOf(config).map((each) => [...statePlaces(workloadInput(config, "s", each))]);
}

describe("the places of a state", () => {
  test("are the main one, and the mounts that say so: those of the group, and an instance's own before them", () => {
    const changes = {
      ...instances([mount("w-a"), mount("/srv/a", "/config/")], []),
      [`${group}.container`]: {
        mounts: [mount("/srv/models", "/models", {}), mount("w-b"), { kind: "tmpfs", target: "/tmp" }],
      },
    };
    expect(placesOf(changes)).toEqual([
      [
        { from: { volume: "canary-state" }, at: home },
        { from: { volume: "w-a" }, at: workspace },
        { from: { directory: "/srv/a" }, at: "/config" },
      ],
      [
        { from: { volume: "b-state" }, at: home },
        { from: { volume: "w-b" }, at: workspace },
      ],
    ]);
  });

  test("leave the input of a workload without them as it is", () => {
    const config = parseStackConfig(
      rawConfig({ [`${group}.container`]: { mounts: [mount("m", "/m", {})] } }),
    );
    const [canary] = workloadsOf(config);
    if (canary === undefined) throw new Error("there is no canary");
    expect(workloadInput(config, "s", canary)).not.toHaveProperty("furtherPlaces");
    expect(containerOf(canary)).toEqual(canary.container);
  });

  test.each(["/srv/a b/ü", `${home}/*[?]/%2F`, "/-/~!'()$`\\"])("have a name that stands for %s", (at) => {
    const name = placeName(at);
    expect(name).not.toMatch(/[/*?[\]\\]/);
    expect(pathOfPlace(name)).toBe(at);
    expect(hasPlaceName(at)).toBe(true);
  });
});

const twice = "Take `state: true` out here, or the whole mount where the other one shows the same files.";
const wrong: Wrong[] = [
  [
    "a place that is the state of another instance",
    instances([mount("b-state")], []),
    `${group}.instances[1]: its state "b-state" is or overlaps the state "b-state" of "canary", and two gateways on one state destroy it. Give each its own.`,
  ],
  [
    "one place for all instances of a group",
    { ...instances([], []), [`${group}.container`]: { mounts: [mount("/srv/w")] } },
    `${group}.container.mounts[0].source: its state "/srv/w" is or overlaps the state "/srv/w" of "canary", and two gateways on one state destroy it. Give each its own.`,
  ],
  [
    "a place inside of its own state",
    {
      [`${group}.instances`]: [{ name: "canary", directory: "/srv/a", mounts: [mount("/srv/a/workspace")] }],
      [`${group}.waves`]: [1],
    },
    `${group}.instances[0].mounts[0].source: "/srv/a/workspace" is or overlaps "/srv/a", which is state of the same workload already. ${twice}`,
  ],
  [
    "a place with the snapshots in it",
    instances([mount("/var/lib/clawforce", "/w")]),
    `${group}.instances[0].mounts[0].source: its state "/var/lib/clawforce" overlaps clawforce:snapshots.repositories "/var/lib/clawforce/snapshots", and a restore would wipe the snapshots. Keep them apart.`,
  ],
  [
    "a place that can't be written to",
    instances([mount("w", "/w", { state: true, readOnly: true })]),
    `${group}.instances[0].mounts[0].target: /w is read-only and state. What a gateway can't write to need not come back: take one of them out.`,
  ],
  [
    "a place at the state's own",
    instances([mount("w", `${home}/`)]),
    `${group}.instances[0].mounts[0].target: ${home}/ is where the state is mounted. Name its volume or folder as the state, and take this mount out.`,
  ],
  [
    "a mount of an instance inside of its state",
    instances([mount("w", workspace, {})]),
    `${group}.instances[0].mounts[0].target: ${workspace} is inside of ${home}, where the state is. A snapshot of the state would miss it. Write \`state: true\` beside it, or move its files into the state and take this mount out.`,
  ],
  [
    "state that is none",
    instances([mount("w", "/w", { state: false })]),
    `${group}.instances[0].mounts[0].state: false is not known here. Write true, or leave the key out.`,
  ],
  [
    "a path that is too long",
    instances([mount("w", `/${"w".repeat(300)}`)]),
    `${group}.instances[0].mounts[0].target: /${"w".repeat(300)} is too long for a place of the state. Mount it under a shorter path.`,
  ],
];

test.each(wrong)("%s is refused", (_, changes, ...lines) => {
  expect(refusal(changes)).toBe(whole(...lines));
});

test("a mount is not an instance's own to say where a control plane makes its container", () => {
  const message = refusal({ ...instances([mount("w")]), [`${group}.managed`]: true });
  expect(message).toContain(
    `clawforce:${group}.instances[0].mounts: the control plane decides this for an instance that it manages. Remove the key.`,
  );
});
