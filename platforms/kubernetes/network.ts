import type { Cluster } from "./cluster.ts";
import { networkLabel } from "./labels.ts";
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
const [patience, attempts] = [2, 5];

/**
 * Tries to reach the API server, by whatever the image has, and leaves what came of it as the container's last word: `closed`, `open`,
 * or `unknown` where it has nothing to try with.
 */
export const networkProof = `
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
printf %s "$word" >/dev/termination-log
`;

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
