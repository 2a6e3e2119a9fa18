import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { fieldOf, isMapping } from "../../config/json.ts";
import { messageOf, OperationFailure } from "../failure.ts";
import { fromHome } from "../home-path.ts";

/** How a cluster is reached, by a context of a kubeconfig. */
export interface ClusterAccess {
  context: string;
  /** `https://10.0.0.1:6443` */
  server: string;
  /** The certificates that its own is checked by; undefined: those of the machine. */
  ca: Buffer | undefined;
  /** Its certificate is not checked, as the file says. */
  insecure: boolean;
  /** The name that its certificate is for, where that is not the one in `server`. */
  serverName: string | undefined;
  user: UserAccess;
}

export interface UserAccess {
  certificate?: { cert: Buffer; key: Buffer };
  token?: string;
  /** Read again for each question: it is exchanged while we run. */
  tokenFile?: string;
  exec?: ExecPlugin;
}

/** A program that prints credentials. */
export interface ExecPlugin {
  argv: string[];
  environment: Record<string, string>;
  apiVersion: string;
  /** Where it is started. */
  folder: string;
}

export interface KubeconfigChoice {
  /** Undefined: KUBECONFIG, then ~/.kube/config. */
  kubeconfig?: string | undefined;
  /** Undefined: the current one. */
  context?: string | undefined;
}

interface Source {
  file: string;
  content: Record<string, unknown>;
}

/** An entry of a file, which relative paths in it count from. */
interface Entry {
  value: unknown;
  folder: string;
}

/** What the chosen context says. Reads no more than the files that it names. */
export function clusterAccess(
  choice: KubeconfigChoice,
  environment: NodeJS.ProcessEnv = process.env,
): ClusterAccess {
  const files = kubeconfigFiles(choice, environment);
  const sources = files.flatMap((file) => sourceIn(file));
  const place = files.join(", ");
  if (sources.length === 0) {
    throw new OperationFailure(
      `There is no kubeconfig (${place}), so no cluster is known. Write clawforce:platform.kubeconfig, or set KUBECONFIG.`,
    );
  }
  const context = choice.context ?? firstText(sources, "current-context");
  if (context === undefined) {
    throw new OperationFailure(
      `${place} names no current context. Write clawforce:platform.context; \`kubectl config get-contexts\` lists them.`,
    );
  }
  const found = named(sources, "contexts", context)?.value;
  if (found === undefined) {
    const known = namesIn(sources, "contexts").join(", ") || "none";
    throw new OperationFailure(
      `${place} has no context ${context}; it has: ${known}. Correct clawforce:platform.context.`,
    );
  }
  const cluster = referred(sources, "clusters", "cluster", { context, found, place });
  const user = referred(sources, "users", "user", { context, found, place });
  return { context, ...serverOf(cluster, context), user: userOf(user, context) };
}

/** In their order: what stands in an earlier one counts. */
function kubeconfigFiles({ kubeconfig }: KubeconfigChoice, environment: NodeJS.ProcessEnv): string[] {
  if (kubeconfig !== undefined) return [fromHome(kubeconfig)];
  const listed = (environment.KUBECONFIG ?? "").split(delimiter).filter((file) => file !== "");
  return listed.length > 0 ? listed : [join(homedir(), ".kube", "config")];
}

/** As kubectl has it, one that is not there counts as empty. */
function sourceIn(file: string): Source[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new OperationFailure(
      `The kubeconfig ${file} can't be read (${code}). Correct clawforce:platform.kubeconfig.`,
    );
  }
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new OperationFailure(
      `The kubeconfig ${file} is no YAML: ${messageOf(error).split("\n")[0]} Correct it, or name another one.`,
    );
  }
  return isMapping(content) ? [{ file, content }] : [];
}

function firstText(sources: readonly Source[], key: string): string | undefined {
  return sources.map(({ content }) => textIn(content, key)).find((text) => text !== undefined);
}

function entriesIn({ content }: Source, list: string): unknown[] {
  const entries = content[list];
  return Array.isArray(entries) ? entries : [];
}

function named(sources: readonly Source[], list: string, name: string): Entry | undefined {
  for (const source of sources) {
    const value = entriesIn(source, list).find((entry) => fieldOf(entry, "name") === name);
    if (value !== undefined) return { value, folder: dirname(resolve(source.file)) };
  }
  return undefined;
}

function namesIn(sources: readonly Source[], list: string): string[] {
  return sources.flatMap((source) => entriesIn(source, list).map((entry) => String(fieldOf(entry, "name"))));
}

function referred(
  sources: readonly Source[],
  list: "clusters" | "users",
  key: "cluster" | "user",
  { context, found, place }: { context: string; found: unknown; place: string },
): Entry {
  const name = textIn(fieldOf(found, "context"), key);
  const entry = name === undefined ? undefined : named(sources, list, name);
  const value = fieldOf(entry?.value, key);
  if (entry === undefined || !isMapping(value)) {
    throw new OperationFailure(
      `The context ${context} in ${place} names the ${key} ${name ?? "(none)"}, which is not there. Correct the kubeconfig.`,
    );
  }
  return { value, folder: entry.folder };
}

function serverOf({ value, folder }: Entry, context: string): Omit<ClusterAccess, "context" | "user"> {
  const server = textIn(value, "server");
  if (server === undefined || !URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    throw new OperationFailure(`The cluster of the context ${context} has no \`server\` that is a URL.`);
  }
  if (textIn(value, "proxy-url") !== undefined) {
    throw new OperationFailure(
      `The cluster of the context ${context} has a \`proxy-url\`, which is not supported. Use a context without one.`,
    );
  }
  const insecure = fieldOf(value, "insecure-skip-tls-verify") === true;
  return {
    server: server.replace(/\/+$/, ""),
    ca: materialIn(value, "certificate-authority", folder),
    insecure,
    serverName: textIn(value, "tls-server-name"),
  };
}

function userOf({ value, folder }: Entry, context: string): UserAccess {
  for (const key of ["auth-provider", "username"]) {
    if (fieldOf(value, key) !== undefined) {
      throw new OperationFailure(
        `The user of the context ${context} has \`${key}\`, which clusters no longer take. Use a token, a certificate or \`exec\`.`,
      );
    }
  }
  const cert = materialIn(value, "client-certificate", folder);
  const key = materialIn(value, "client-key", folder);
  const token = textIn(value, "token");
  const tokenFile = textIn(value, "tokenFile");
  const exec = execOf(fieldOf(value, "exec"), folder);
  return {
    ...(cert !== undefined && key !== undefined && { certificate: { cert, key } }),
    ...(token !== undefined && { token }),
    ...(tokenFile !== undefined && { tokenFile: resolve(folder, tokenFile) }),
    ...(exec !== undefined && { exec }),
  };
}

function execOf(value: unknown, folder: string): ExecPlugin | undefined {
  const command = textIn(value, "command");
  if (command === undefined) return undefined;
  const args = fieldOf(value, "args");
  const variables = fieldOf(value, "env");
  return {
    // A path counts from the file, a name is looked up.
    argv: [command.includes("/") ? resolve(folder, command) : command, ...listOf(args).map(String)],
    environment: Object.fromEntries(
      listOf(variables).map((each) => [String(fieldOf(each, "name")), String(fieldOf(each, "value"))]),
    ),
    apiVersion: textIn(value, "apiVersion") ?? "client.authentication.k8s.io/v1",
    folder,
  };
}

/** `NAME-data`, else the file `NAME`. */
function materialIn(value: unknown, key: string, folder: string): Buffer | undefined {
  const data = textIn(value, `${key}-data`);
  if (data !== undefined) return Buffer.from(data, "base64");
  const file = textIn(value, key);
  if (file === undefined) return undefined;
  const path = resolve(folder, file);
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperationFailure(
      `${path} can't be read (${code}). The kubeconfig names it as \`${key}\`: correct that.`,
    );
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Undefined for an empty text too, as kubectl has it. */
function textIn(value: unknown, key: string): string | undefined {
  const text = fieldOf(value, key);
  return typeof text === "string" && text !== "" ? text : undefined;
}
