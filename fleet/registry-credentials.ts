import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface Credentials {
  user: string;
  password: string;
}

/** What docker's own configuration knows of a registry. `helper`: it keeps them in a program that is not asked. */
export type KnownCredentials = Credentials | "helper" | undefined;

/** The keys under which `docker login` without a registry's name has stored them. */
const hubKeys = ["https://index.docker.io/v1/", "index.docker.io", "docker.io"];

/**
 * The credentials that `docker login` has left in config.json (`$DOCKER_CONFIG`, default ~/.docker). Only the form that
 * stands in the file itself; a file that cannot be read counts as none.
 */
export function credentialsOf(
  registry: string | undefined,
  folder: string = process.env.DOCKER_CONFIG ?? join(homedir(), ".docker"),
): KnownCredentials {
  const config = configIn(folder);
  const keys =
    registry === undefined || hubKeys.includes(registry) ? hubKeys : [registry, `https://${registry}`];
  for (const key of keys) {
    const auth = entryOf(entryOf(config, "auths"), key);
    const found = decoded(entryOf(auth, "auth"));
    if (found !== undefined) return found;
  }
  const isHelped =
    typeof entryOf(config, "credsStore") === "string" ||
    keys.some((key) => entryOf(entryOf(config, "credHelpers"), key) !== undefined);
  return isHelped ? "helper" : undefined;
}

function configIn(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  } catch {
    return undefined;
  }
}

function entryOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
}

function decoded(auth: unknown): Credentials | undefined {
  if (typeof auth !== "string") return undefined;
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
