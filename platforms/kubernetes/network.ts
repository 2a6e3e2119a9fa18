import type { Cluster } from "./cluster.ts";
import { networkLabel } from "./labels.ts";
import type { LabelSelector, NetworkPolicy } from "./objects.ts";
import { isConflict, unlessGone } from "./refusal.ts";

const policyName = "clawforce-no-network";

const seen = new WeakSet<Cluster>();

/** The policy that keeps pods with our mark from every network, made where it is missing. Whether it is enforced is another matter. */
export async function keepFromNetwork(cluster: Cluster): Promise<void> {
  if (seen.has(cluster)) return;
  const path = cluster.in("networking.k8s.io/v1", "networkpolicies");
  const there = await unlessGone(cluster.ask({ path: `${path}/${policyName}` }));
  if (there === undefined) {
    try {
      await cluster.ask({ method: "POST", path, body: noNetwork });
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  seen.add(cluster);
}

export const noNetwork = {
  ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" },
  metadata: { name: policyName },
  spec: {
    podSelector: { matchLabels: { [networkLabel]: "none" } },
    policyTypes: ["Ingress", "Egress"],
  },
};

/** Seconds for one attempt, and attempts: a policy may take a moment to reach the node. */
const [patience, usualAttempts] = [2, 5];

/**
 * A script that tries to reach the API server, by whatever the image has, and leaves what came of it as the container's last
 * word: `closed`, `open`, or `unknown` where it has nothing to try with.
 */
export function networkProof(file = "/dev/termination-log", attempts = usualAttempts): string {
  return `
host=$KUBERNETES_SERVICE_HOST port=$KUBERNETES_SERVICE_PORT
reach() {
  if command -v node >/dev/null 2>&1; then
    node -e 'const [host, port] = process.argv.slice(1); const s = require("net").connect(port, host); setTimeout(() => process.exit(1), ${patience * 1000}); s.on("connect", () => process.exit(0)); s.on("error", () => process.exit(1));' "$host" "$port"
  elif command -v bash >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then
    timeout ${patience} bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port" 2>/dev/null
  elif command -v nc >/dev/null 2>&1; then
    nc -w ${patience} "$host" "$port" </dev/null >/dev/null 2>&1
  else
    return 3
  fi
}
word=open
for attempt in ${Array.from({ length: attempts }, (_, index) => index + 1).join(" ")}; do
  reach
  case $? in
    0) sleep 1 ;;
    3) word=unknown; break ;;
    *) word=closed; break ;;
  esac
done
printf %s "$word" >"${file}"
`;
}

/** What such a container has left, as a sentence; undefined: it was kept from the network. */
export function openNetwork(word: string | undefined): string | undefined {
  switch (word) {
    case "closed":
      return undefined;
    case "open":
      return (
        "it had a network: this cluster does not enforce NetworkPolicies. A copy with live channel logins can disturb the original. " +
        "Install a network plugin that enforces them."
      );
    default:
      return "whether it had a network could not be tried: its image has neither node, nor bash, nor nc.";
  }
}

/** What the namespace's own policies open for a pod, as a sentence: what one allows, no other one forbids. */
export async function openedByOthers(
  cluster: Cluster,
  labels: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const path = cluster.in("networking.k8s.io/v1", "networkpolicies");
  const names = opening(await cluster.list<NetworkPolicy>(path), labels);
  return names.length === 0
    ? undefined
    : `it may have had a network: the NetworkPolicy ${names.join(", ")} of this namespace lets it out. Let that one select by label.`;
}

/** Names of the policies that let a pod out. */
export function opening(
  policies: readonly NetworkPolicy[],
  labels: Readonly<Record<string, string>>,
): string[] {
  return policies
    .filter(({ spec }) => (spec.egress ?? []).length > 0 && selects(spec.podSelector ?? {}, labels))
    .map(({ metadata }) => metadata.name);
}

function selects(
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = (key: string) => labels[key];
  return (
    Object.entries(matchLabels).every(([key, wanted]) => value(key) === wanted) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const own = value(key);
      if (operator === "Exists") return own !== undefined;
      if (operator === "DoesNotExist") return own === undefined;
      const isIn = own !== undefined && values.includes(own);
      return operator === "In" ? isIn : !isIn;
    })
  );
}
