import type { ResourceValidationPolicy } from "@pulumi/policy";
import { describe, expect, test } from "vitest";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { kubernetesResources } from "../../platforms/kubernetes/resources.ts";
import { kubernetesSettings } from "../../platforms/kubernetes/settings.ts";
import { rules } from "../../policies/rules.ts";
import { setType } from "../../policies/unit-set.ts";
import { changed } from "../policy/fleet-stack.ts";
import { judged } from "../policy/judged.ts";
import { stackOf } from "../policy/registered-stack.ts";
import { changedSet, refusals, set } from "../policy/set-stack.ts";
import type { StackResource } from "../policy/stack.ts";
import { fleetOf } from "../support/fleet-program.ts";
import { neverStarted } from "../support/surveyed.ts";
import { type Changes, digest, rawConfig } from "./config-fixture.ts";

const settings = kubernetesSettings.parse({ kind: "kubernetes", namespace: "agents", folders: "folders" });
const changes: Changes = {
  "instanceGroups.support.instances": [{ name: "canary", hosts: ["canary.test"] }, "support-1"],
  "instanceGroups.support.container": {
    user: "1000:1000",
    secrets: { MODEL_API_KEY: "model-key" },
    tokenVariable: "OPENCLAW_GATEWAY_TOKEN",
    memory: "1 GiB",
    mounts: [{ kind: "volume", source: "models", target: "/models", readOnly: true }],
  },
  // No release before the first one.
  "agentImages.chromium.previous": undefined,
  "agentImages.chromium.candidate": undefined,
  ingress: {
    image: `registry.example.com/kamal-proxy:0.9.2@${digest("9")}`,
    publish: { address: "0.0.0.0", port: 8080 },
  },
};
const resourceRules = rules.filter((rule): rule is ResourceValidationPolicy => !("validateStack" in rule));

async function program(isKept = false): Promise<StackResource[]> {
  const config = parseStackConfig(rawConfig(structuredClone(changes)));
  const [canary, ...others] = neverStarted(config);
  if (canary === undefined) throw new Error("there is no workload");
  // Its records do not reach back to where it was made: then it keeps what it has.
  const records = [{ kind: "repaired", time: "2026-05-01T00:00:00Z" }] as never;
  const { image } = canary.input;
  const observed = { image, id: "1b671a64/first", serves: true } as never;
  const kept = { ...canary, move: { kind: "none", to: image } as const, records, observed };
  const made = await fleetOf(config, [isKept ? kept : canary, ...others], {
    resources: kubernetesResources(settings),
  });
  return stackOf(made);
}

function ofResources(stack: readonly StackResource[]): string[] {
  return stack.flatMap(({ type, props = {}, opts, parent }) =>
    resourceRules.flatMap((rule) =>
      judged(rule, {
        ...{ type, props, ignoreChanges: opts?.ignoreChanges ?? [] },
        parents: [
          "pulumi:pulumi:Stack",
          ...(parent === undefined ? [] : [parent.slice(parent.indexOf(" ") + 1)]),
        ],
      })
        .filter(({ level }) => level !== "advisory")
        .map(({ message }) => `${type}: ${message}`),
    ),
  );
}

describe("what our own program makes on Kubernetes", () => {
  test("is refused by no rule about a stack at its first start", async () => {
    expect(refusals(await program())).toEqual([]);
  });

  test("is refused by no rule about a resource, and its pods would be for more than they need", async () => {
    const stack = await program();
    const plain = /"[A-Z_]+" has its secret in plain|has its secret in plain/;
    const own = (all: readonly StackResource[]) => ofResources(all).filter((line) => !plain.test(line));
    expect(own(stack)).toEqual([]);
    const path = "spec.template.spec.containers[0]";
    for (const [at, value, says] of [
      [`${path}.securityContext.privileged`, true, /privileged/],
      [`${path}.image`, "registry.example.com/agent:latest", /digest-pinned/],
      ["spec.template.spec.hostNetwork", true, /hostNetwork/],
    ] as const) {
      const edited = changed(stack, set("canary"), (each) => changedSet(each, at, value));
      expect(own(edited).join("\n")).toMatch(says);
    }
  });

  test("is refused by no rule about a stack while one is kept as it is, also where its start takes note of something", async () => {
    // The engine shows what is kept as it was: its pod is made for what it was made for.
    const kept = (made: string) =>
      refusals(
        changed(stack, set("canary"), (each) =>
          changedSet(each, "spec.template.metadata.annotations", { "clawforce.io/made": made }),
        ),
      );
    const stack = await program(true);
    expect(kept("first")).toEqual([]);
    expect(kept("second").join("\n")).toContain(
      '[canary-before-fleet] canary image: its pod is made for "second"',
    );
  });

  test("is refused by no rule while it adopts a control plane, and none of it may be frozen to another claim", async () => {
    const image = `registry.example.com/clawforce:1.4.2@${digest("7")}`;
    const plane = {
      image,
      adopt: "clawforce",
      data: { volume: "claworc-data" },
      container: { dockerSocket: "none" },
    };
    const config = parseStackConfig(
      rawConfig({ ...structuredClone(changes), platform: { kind: "kubernetes" }, controlPlane: plane }),
    );
    const [wanted, ...others] = neverStarted(config);
    if (wanted === undefined) throw new Error("there is no workload");
    const stranger = { name: "clawforce", id: "deployment:1/2", restart: "Kubernetes", beside: ["Service"] };
    const move = { kind: "adopt", from: image, to: image, stranger } as const;
    const made = await fleetOf(config, [{ ...wanted, move }, ...others], {
      resources: kubernetesResources(settings),
    });
    const stack = stackOf(made);
    const found = (all: readonly StackResource[]) => [...refusals(all), ...ofResources(all)];
    expect(
      found(stack).filter(
        (line) => /clawforce|frozen|ignoreChanges/.test(line) && !/secret in plain/.test(line),
      ),
    ).toEqual([]);
    const claim = "clawforce-state kubernetes:core/v1:PersistentVolumeClaim";
    const renamed = changed(stack, claim, (each) => ({
      ...each,
      opts: { ...each.opts, ignoreChanges: ["metadata.name"] },
    }));
    const moved = changed(stack, claim, ({ parent: _, ...each }) => each);
    for (const other of [renamed, moved])
      expect(found(other).join("\n")).toContain("what says which storage it is is under ignoreChanges");
  });

  test("is refused by no rule while one is kept as it is, and with its image kept it is", async () => {
    const stack = await program(true);
    const { opts } = stack.find(({ type, name }) => type === setType && name === "canary") ?? {};
    expect(opts?.ignoreChanges).toContain("spec.template.spec.containers[0].env");
    expect(ofResources(stack).filter((line) => /frozen|ignoreChanges/.test(line))).toEqual([]);
    const ignoring = (...paths: string[]) =>
      ofResources(
        changed(stack, set("canary"), (each) => ({
          ...each,
          opts: { ...each.opts, ignoreChanges: [...(opts?.ignoreChanges ?? []), ...paths] },
        })),
      ).filter((line) => /\[no-mutable-image\]/.test(line));
    for (const path of [
      "spec.template.spec.containers[0].image",
      "spec.template.spec.containers",
      "spec",
      "*",
    ])
      expect(ignoring(path), path).toHaveLength(1);
    expect(ignoring("spec.template.spec.containers[0].args")).toEqual([]);
  });
});
