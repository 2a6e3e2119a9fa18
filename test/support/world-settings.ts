/** The name under which the ingress of a world serves a workload. */
export const hostOf = (workload: string): string => `${workload}.test`;

export function networkOf(stack: string): string {
  return `${stack}-network`;
}

/** Short times, because the fixture starts in a fraction of a second. */
export function fixtureGroup(stack: string): Record<string, unknown> {
  return {
    drain: { budget: "3s", http: { path: "/work", field: "active" } },
    stopGrace: "5s",
    container: {
      network: networkOf(stack),
      health: { interval: "2s", startPeriod: "6s", retries: 2, wait: "20s" },
    },
    gate: [{ kind: "http", path: "/healthz", body: { ok: true, status: "live" }, deadline: "3s" }],
    verification: [
      { kind: "version", argv: ["fixture", "--version"] },
      { kind: "http", path: "/readyz", body: { ready: true }, deadline: "3s" },
      { kind: "logs", appear: ["\\[gateway\\] ready"], absent: ["Cannot find package"], deadline: "3s" },
    ],
  };
}
