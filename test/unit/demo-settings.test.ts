import { expect, test } from "vitest";
import { workloadsOf } from "../../config/rollout.ts";
import { SecretMark } from "../../config/secret-mark.ts";
import { demoSettings, instances } from "../../demo/settings.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";

const pinned = (name: string) => `127.0.0.1:5000/${name}@sha256:${"a".repeat(64)}`;

test("the demo's configuration is a valid one: a control plane and four gateways, in waves of one, two and all", () => {
  const settings = demoSettings({
    dockerHost: "unix:///var/run/docker.sock",
    folder: "/cache/demo",
    stable: pinned("openclaw:2026.9.1"),
    tools: pinned("snapshot-tools:1"),
    controlPlane: pinned("control-plane:1.4.1"),
    proxy: pinned("proxy:1"),
    ingressPort: 8080,
  });
  const raw = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key.replace("clawforce:", ""), value]),
  );
  const tokens = Object.fromEntries(instances.map((name) => [name, new SecretMark()]));
  const config = parseStackConfig(
    {
      ...raw,
      snapshotPassword: new SecretMark(),
      controlPlanePassword: new SecretMark(),
      gatewayTokens: tokens,
    },
    { demandSecrets: true },
  );
  expect(workloadsOf(config).map(({ name, wave }) => [name, wave])).toEqual([
    ["demo-control-plane", 0],
    ["demo-1", 0],
    ["demo-2", 1],
    ["demo-3", 2],
    ["demo-4", 2],
  ]);
});
