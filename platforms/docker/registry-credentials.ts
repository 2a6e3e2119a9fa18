import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fieldOf, parsedJson } from "../../config/json.ts";
import { runProcess } from "../child-process.ts";

export interface Credentials {
  user: string;
  password: string;
}

/** What docker's own configuration knows of a registry. `unusable`: why the helper that keeps it does not give it. */
export type KnownCredentials = Credentials | { unusable: string } | undefined;

/** The keys under which `docker login` without a registry's name has stored them. */
const hubKeys = ["https://index.docker.io/v1/", "index.docker.io", "docker.io"];
/** A helper may ask a server, or a keyring that is locked. Seconds. */
const patience = 20;

/**
 * The credentials that `docker login` has left: in config.json (`$DOCKER_CONFIG`, default ~/.docker), or in the helper
 * program that it names. A file that cannot be read counts as none.
 */
export async function credentialsOf(
  registry: string | undefined,
  folder: string = process.env.DOCKER_CONFIG || join(homedir(), ".docker"),
): Promise<KnownCredentials> {
  const config = await configIn(folder);
  const keys =
    registry === undefined || hubKeys.includes(registry) ? hubKeys : [registry, `https://${registry}`];
  const named = helperIn(config, keys);
  const kept = named === undefined ? undefined : await fromHelper(named.helper, named.key);
  if (kept !== undefined) return kept;
  for (const key of keys) {
    const found = decoded(fieldOf(fieldOf(fieldOf(config, "auths"), key), "auth"));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** As the engine takes them with a pull. */
export function authConfig(
  registry: string | undefined,
  { user, password }: Credentials,
): Record<string, string> {
  const serveraddress = registry ?? hubKeys[0] ?? "";
  // What stands in the place of a password for this name is a token.
  return user === "<token>"
    ? { identitytoken: password, serveraddress }
    : { username: user, password, serveraddress };
}

/** The helper for this registry alone comes before the one for all, as with the docker command. */
function helperIn(config: unknown, keys: readonly string[]): { helper: string; key: string } | undefined {
  for (const key of keys) {
    const helper = fieldOf(fieldOf(config, "credHelpers"), key);
    if (typeof helper === "string") return { helper, key };
  }
  const store = fieldOf(config, "credsStore");
  return typeof store === "string" && store !== "" ? { helper: store, key: keys[0] ?? "" } : undefined;
}

/** Undefined when the helper has none. */
async function fromHelper(helper: string, key: string): Promise<KnownCredentials> {
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) return { unusable: `${JSON.stringify(helper)} is no name of a helper` };
  const { code, output } = await asked(program, key);
  if (code === 0) {
    const answer = parsedJson(output);
    const [user, password] = [fieldOf(answer, "Username"), fieldOf(answer, "Secret")];
    if (typeof user === "string" && typeof password === "string") return { user, password };
    return { unusable: `${program} answers with no credentials` };
  }
  // What it prints when it fails is its error, and no secret.
  if (/credentials not found/.test(output)) return undefined;
  return { unusable: `${program} ${typeof code === "string" ? code : `ended with ${code}`}` };
}

/** What `<helper> get` says on standard output; the registry goes to its standard input. */
async function asked(program: string, key: string): Promise<{ code: number | string; output: string }> {
  try {
    const { code, signal, stdout, late } = await runProcess([program, "get"], {
      input: key,
      deadline: patience,
    });
    return late
      ? { code: `did not answer within ${patience} s`, output: "" }
      : { code: code ?? `was ended by ${signal}`, output: stdout };
  } catch (error) {
    return { code: `can't be started (${(error as NodeJS.ErrnoException).code})`, output: "" };
  }
}

async function configIn(folder: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
  } catch {
    return undefined;
  }
}

function decoded(auth: unknown): Credentials | undefined {
  if (typeof auth !== "string") return undefined;
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
