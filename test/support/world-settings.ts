/** The images of a world's group, and what a new one does to the state. */
export type AgentImages = {
  stable: string;
  candidate?: string;
  previous?: string;
  migrate?: { command: string[]; deadline?: string }[];
};

/** The name under which the ingress of a world serves a workload. */
export const hostOf = (workload: string): string => `${workload}.test`;

export function networkOf(stack: string): string {
  return `${stack}-network`;
}

/** Asks the stand-in for its health without starting a Node each time: a busy machine takes longer for that than for the rest. */
export const standInHealth = [
  "bash",
  "-c",
  `exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q '"database":"connected"' <&3`,
];

/** A control plane of the tests, the stand-in, as a workload with this name. */
export function controlPlaneSettings(
  name: string,
  { stack, dockerHost }: { stack: string; dockerHost: string },
): Record<string, unknown> {
  const network = networkOf(stack);
  return {
    name,
    data: { volume: `${name}-state` },
    backups: { volume: `${name}-backups` },
    account: { passwordVariable: "STAND_IN_ADMIN_PASSWORD" },
    container: {
      network,
      dockerSocket: new URL(dockerHost).pathname,
      environment: {
        STAND_IN_NETWORK: network,
        STAND_IN_PREFIX: stack,
        CLAWFORCE_BACKUPS_PATH: "/app/backups",
      },
      health: {
        command: standInHealth,
        // No test may fail because the machine is busy. It is asked for the first time after one interval.
        interval: "4s",
        timeout: "30s",
        retries: 50,
        wait: "5m",
      },
    },
    stopGrace: "10s",
    drain: { budget: "5s" },
  };
}

/** A Node.js for each question, as by default, is half of what a machine with many containers of a test does. */
const cheapHealth = [
  "bash",
  "-c",
  'exec 3<>/dev/tcp/127.0.0.1/18789 && printf "GET /healthz HTTP/1.0\\r\\n\\r\\n" >&3 && read -r _ code _ <&3 && [ "$code" = 200 ]',
];

/**
 * Short times, because the fixture starts in a fraction of a second. With `patience` for a test in which nothing has to
 * fail: there a busy machine only takes longer.
 */
export function fixtureGroup(stack: string, patience = false): Record<string, unknown> {
  const health = patience
    ? { interval: "4s", timeout: "60s", startPeriod: "120s", retries: 10, wait: "300s" }
    : // A machine that others use as well starts a Node.js in seconds: that is no sick gateway.
      // It is asked for the first time after one interval, and each time costs a start of bash in many containers.
      { interval: "4s", timeout: "20s", startPeriod: "15s", retries: 5, wait: "30s" };
  // The longest that a gate may have.
  const deadline = patience ? "15s" : "7s";
  return {
    drain: { budget: "3s", http: { path: "/work", field: "active" } },
    stopGrace: "5s",
    container: {
      network: networkOf(stack),
      health: { ...health, command: cheapHealth },
    },
    gate: [{ kind: "http", path: "/healthz", body: { ok: true, status: "live" }, deadline }],
    verification: [
      { kind: "version", argv: ["fixture", "--version"] },
      { kind: "http", path: "/readyz", body: { ready: true }, deadline },
      { kind: "logs", appear: ["\\[gateway\\] ready"], absent: ["Cannot find package"], deadline },
    ],
  };
}
