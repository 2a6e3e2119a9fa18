/** A digest of 64 equal digits: looks real, is not the placeholder. */
export function digest(digit: string): string {
  return `sha256:${digit.repeat(64)}`;
}

export const stable = `clawforceone/agent-chromium:1.4.2-openclaw-2026.4.15@${digest("a")}`;
export const candidate = `clawforceone/agent-chromium:1.4.2-openclaw-2026.4.23@${digest("b")}`;
export const previous = `clawforceone/agent-chromium:1.4.1@${digest("c")}`;
export const snapshotTools = `registry.example.com:5000/snapshot-tools:1.0.0@${digest("d")}`;

/**
 * A fresh, valid configuration with one group of four, none of its optional keys set; then each change is made:
 * dotted path -> value, undefined takes the key out.
 */
export function rawConfig(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const raw = {
    agentImages: { chromium: { stable, candidate, previous } },
    instanceGroups: {
      support: {
        agentImage: "chromium",
        instances: ["canary", "support-1", "support-2", "support-3"],
        waves: [1, "25%", "75%", "100%"],
        wave: 0,
      },
    },
    snapshots: { repositories: "/var/lib/clawforce/snapshots", image: snapshotTools },
    evidence: { directory: "evidence" },
  };
  for (const [path, value] of Object.entries(changes)) change(raw, path.split("."), value);
  return raw;
}

function change(target: object, [key, ...rest]: string[], value: unknown): void {
  if (key === undefined) throw new Error("A change needs a path.");
  if (rest.length === 0) {
    if (value === undefined) Reflect.deleteProperty(target, key);
    else Reflect.set(target, key, value);
    return;
  }
  if (Reflect.get(target, key) === undefined) Reflect.set(target, key, {});
  change(Reflect.get(target, key), rest, value);
}
