import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../processes.ts";
import type { Addresses } from "./addresses.ts";
import { apiAddress, apiNames, identities } from "./components.ts";
import { nodeName, type placesIn } from "./places.ts";

/** A cluster that dies with a test or a terminal needs no longer. */
const validDays = "30";

/** Makes the cluster's keys, certificates and tokens, and a kubeconfig for each of its identities. All are for root alone. */
export async function makeCredentials(
  places: ReturnType<typeof placesIn>,
  addresses: Addresses,
): Promise<{ authority: string; token: string }> {
  for (const folder of [places.keys, places.settings]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = join(places.logs, "keys.log");
  await certificate(log, places.apiCertificate, places.apiKey, "/CN=kube-apiserver", apiNames(addresses));
  await certificate(
    log,
    places.kubeletClientCertificate,
    places.kubeletClientKey,
    "/O=system:masters/CN=kubelet-client",
    `DNS:${nodeName}`,
  );
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  write(places.serviceAccountKey, privateKey.export({ type: "pkcs1", format: "pem" }).toString());

  const tokens = Object.entries(identities).map(([name, identity]) => ({
    name,
    ...identity,
    token: randomBytes(24).toString("hex"),
  }));
  write(
    places.tokens,
    tokens.map(({ token, user, group }) => `${token},${user},${user}${group && `,"${group}"`}\n`).join(""),
  );
  const authority = readFileSync(places.apiCertificate, "utf8");
  const server = apiAddress(addresses);
  for (const { name, token } of tokens) {
    const file = name === "admin" ? places.kubeconfig : places.kubeconfigOf(name);
    write(file, kubeconfig({ server, authority, user: name, token }));
  }
  return { authority, token: tokens[0]?.token ?? "" };
}

/** A kubeconfig with one context, called `clawforce`. JSON is YAML. */
export function kubeconfig(access: {
  server: string;
  /** PEM */
  authority: string;
  user: string;
  token: string;
  namespace?: string;
}): string {
  const { server, authority, user, token, namespace } = access;
  const name = "clawforce";
  const certificate = Buffer.from(authority).toString("base64");
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server, "certificate-authority-data": certificate } }],
      users: [{ name: user, user: { token } }],
      contexts: [{ name, context: { cluster: name, user, ...(namespace !== undefined && { namespace }) } }],
      "current-context": name,
    },
    undefined,
    2,
  )}\n`;
}

/** A certificate that vouches for itself: whoever trusts it trusts nothing else. */
function certificate(log: string, file: string, key: string, subject: string, names: string): Promise<void> {
  return run(
    [
      ...(["openssl", "req", "-x509", "-nodes"] as const),
      ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-keyout", key, "-out", file, "-days", validDays],
      ...["-subj", subject, "-addext", `subjectAltName=${names}`],
    ],
    { log },
  );
}

/** Nobody but root may read what stands in it, also while it is written. */
export function write(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
}
