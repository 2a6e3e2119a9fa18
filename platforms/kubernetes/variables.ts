import type { Cluster } from "./cluster.ts";
import { expanded } from "./expansion.ts";
import type { EnvironmentVariable, SecretObject } from "./objects.ts";
import { unlessGone } from "./refusal.ts";

/**
 * What a container's variables are, `NAME=value`, with the values that stand in Secrets. Left out is what nobody can know
 * from here: one whose Secret is not there, or that Kubernetes takes from elsewhere.
 */
export async function variablesOf(
  cluster: Pick<Cluster, "ask" | "in">,
  variables: readonly EnvironmentVariable[] = [],
): Promise<string[]> {
  const names = new Set(variables.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []));
  const secrets = new Map<string, SecretObject["data"]>();
  for (const name of names) {
    const path = cluster.in("v1", "secrets", name);
    secrets.set(name, (await unlessGone(cluster.ask<SecretObject>({ path })))?.data);
  }
  return variables.flatMap(({ name, value, valueFrom }) => {
    if (value !== undefined) return [`${name}=${expanded(value)}`];
    const from = valueFrom?.secretKeyRef;
    const encoded = from && secrets.get(from.name)?.[from.key];
    return encoded === undefined ? [] : [`${name}=${Buffer.from(encoded, "base64").toString()}`];
  });
}
