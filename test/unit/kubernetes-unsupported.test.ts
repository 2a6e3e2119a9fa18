import { describe, expect, test } from "vitest";
import { platformNamed } from "../../config/platform-kind.ts";
import { kubernetesSettings } from "../../platforms/kubernetes/settings.ts";
import { kubernetesProblems } from "../../platforms/kubernetes/unsupported.ts";
import { type Changes, rawConfig } from "./config-fixture.ts";

const kind = { schema: kubernetesSettings, problems: kubernetesProblems };

function problemsOf(changes: Changes): string[] {
  const raw = rawConfig({ platform: { kind: "kubernetes" }, environment: "staging", ...changes });
  const problems = platformNamed([kind], raw)?.problems?.(raw) ?? [];
  return problems.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const container = "instanceGroups.support.container";

describe("what Kubernetes has no way for", () => {
  test.each<[Changes, string]>([
    [
      { [`${container}.ports`]: [{ container: 1, host: 1 }] },
      "instanceGroups.support.container.ports: a pod",
    ],
    [{ [`${container}.networkMode`]: "host" }, "instanceGroups.support.container.networkMode: a pod has one"],
    [
      { platform: { kind: "kubernetes", volumes: { accessMode: "ReadWriteOncePod" } } },
      "platform.volumes.accessMode: a claim that one pod alone may have can't be copied",
    ],
    [
      { [`${container}.user`]: "node" },
      'instanceGroups.support.container.user: Kubernetes takes users by their numbers. Write the number of "node"',
    ],
    [
      { "instanceGroups.support.instances": [{ name: "canary", containerName: "Gateway_1" }] },
      "instanceGroups.support.instances.0.containerName: a unit on Kubernetes is called",
    ],
    [{ "instanceGroups.support.managed": true }, "instanceGroups.support.managed: instances that"],
    [
      { "instanceGroups.support.instances": [{ name: "canary", publish: 18_789 }] },
      "instanceGroups.support.instances.0.publish: a pod publishes no port",
    ],
    [
      { "instanceGroups.support.instances": ["a".repeat(53)] },
      "instanceGroups.support.instances.0: a name on",
    ],
    [
      { controlPlane: { image: "x", container: { dockerSocket: "/var/run/docker.sock" } } },
      "controlPlane.container.dockerSocket: a pod gets no socket",
    ],
  ])("%j is refused with its place", (changes, start) => {
    const problems = problemsOf(changes);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.startsWith(start)).toBe(true);
  });

  test("is nothing of what a gateway usually says", () => {
    expect(
      problemsOf({
        [`${container}.user`]: "1000:1000",
        [`${container}.memory`]: "1 GiB",
        environment: "production",
        rehearsal: { secrets: ["MODEL_KEY"] },
        "instanceGroups.support.instances": ["a".repeat(52)],
        controlPlane: { image: "x", container: { dockerSocket: "none" } },
      }),
    ).toEqual([]);
  });

  test("is asked of the platform that the stack names, or of the first one", () => {
    expect(platformNamed([kind], {})).toBe(kind);
    expect(platformNamed([kind], { platform: { kind: "docker" } })).toBeUndefined();
  });
});
