import { homedir } from "node:os";
import { join } from "node:path";
import { fromHome } from "../home-path.ts";

/** A Docker host, and how it is reached: as the stack configuration says it. */
export interface DockerHost extends DockerAccess {
  /** unix:///PATH, tcp://NAME:PORT or ssh://USER@NAME */
  host: string;
}

/** How a Docker host is reached, beside its address. */
export interface DockerAccess {
  /** Seconds that its engine may take to answer a question. */
  answer?: number | undefined;
  ssh?: SshAccess | undefined;
  tls?: TlsAccess | undefined;
}

export interface SshAccess {
  /** The private key; default: what ssh finds by itself, its agent first. */
  identityFile?: string | undefined;
  /** The file with the host's key; default: those that ssh reads by itself. */
  knownHosts?: string | undefined;
}

export interface TlsAccess {
  /** Folder with ca.pem, cert.pem and key.pem. */
  certPath: string;
}

/** Seconds that an engine may take to answer, where the configuration says nothing else. */
export const defaultAnswer = 30;

/**
 * Options of `ssh` for a Docker host, the same for our client and for Pulumi's docker provider. Nobody is there to be
 * asked, so a host key that is unknown or has changed is refused, whatever the user's own ssh_config says.
 */
export function sshOptions({ identityFile, knownHosts }: SshAccess = {}): string[] {
  return [
    ...["-o", "BatchMode=yes"],
    ...["-o", "StrictHostKeyChecking=yes"],
    ...["-o", "ConnectTimeout=20"],
    // A line that is dead is noticed within a minute.
    ...["-o", "ServerAliveInterval=15"],
    ...["-o", "ServerAliveCountMax=3"],
    ...(identityFile === undefined ? [] : ["-o", "IdentitiesOnly=yes", "-i", identityFile]),
    ...(knownHosts === undefined ? [] : ["-o", `UserKnownHostsFile=${knownHosts}`]),
  ];
}

/**
 * The folder with the certificates for a `tcp://` host, or undefined where it is spoken to in plain: the configured one,
 * else what the docker command goes by, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH (default ~/.docker).
 */
export function certificateFolder(
  host: string,
  { tls }: DockerAccess,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  if (!host.startsWith("tcp://")) return undefined;
  if (tls !== undefined) return fromHome(tls.certPath);
  const { DOCKER_TLS_VERIFY: verify = "", DOCKER_CERT_PATH: folder = "" } = environment;
  if (folder !== "") return folder;
  return verify === "" ? undefined : join(homedir(), ".docker");
}

/**
 * Variables of the docker command that Pulumi's docker provider would obey and our client would not: the two would work
 * on different hosts. A sentence for each.
 */
export function misleadingVariables(host: string, environment: NodeJS.ProcessEnv): string[] {
  const isSet = (name: string) => (environment[name] ?? "") !== "";
  const context = environment.DOCKER_CONTEXT ?? "";
  return [
    ...(context === "" || context === "default"
      ? []
      : [`DOCKER_CONTEXT names the context ${context}. Run \`unset DOCKER_CONTEXT\`.`]),
    ...(isSet("DOCKER_CERT_PATH") && !host.startsWith("tcp://")
      ? ["DOCKER_CERT_PATH is set, but is only for tcp:// hosts. Run `unset DOCKER_CERT_PATH`."]
      : []),
    ...["DOCKER_CERT_MATERIAL", "DOCKER_KEY_MATERIAL", "DOCKER_CA_MATERIAL"]
      .filter(isSet)
      .map((name) => `${name} is set. Run \`unset ${name}\` and write \`platform.tls\`.`),
  ];
}
