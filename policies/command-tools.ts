import { isEngineSocket } from "./host-path.ts";

/** Words after a tool's name that start, stop or change something; a tool without any does nothing else. */
type Verbs = ReadonlySet<string>;

function words(...texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.flatMap((text) => text.split(" ")));
}

const containers = words(
  "create exec kill pause restart rm run start stop unpause up down update",
  "attach commit connect cp deploy disconnect import leave prune remove rename rmi rollback scale",
);
const clusters = words(
  "apply create debug delete drain edit exec install patch replace rollback rollout run scale set sync uninstall upgrade",
  "annotate attach autoscale cordon cp expose label taint",
);
const services = words(
  "disable enable halt isolate kill mask poweroff reboot reload reload-or-restart remove restart start stop try-restart unload",
);
const processes = words(
  "delete deploy gracefulReload kill reload restart resurrect scale sendSignal start startOrReload startOrRestart stop update",
);

/** What a shell can call that has a hand in what a fleet runs. */
const tools = new Map<string, Verbs>([
  ...spread("crictl ctr docker docker-compose nerdctl podman podman-compose", containers),
  ...spread("argocd flux helm helmfile kubectl microk8s oc", clusters),
  ...spread("initctl launchctl rc-service service supervisorctl sv systemctl", services),
  ...spread("pm2 pm2-runtime", processes),
]);

function spread(names: string, verbs: Verbs): [string, Verbs][] {
  return names.split(" ").map((name) => [name, verbs]);
}

/** What some tools group their verbs by: `docker volume rm`. */
const groups = words("compose container image network node service stack swarm system volume");

/** What ends processes, by its first word alone: a word like `kill` stands in many texts. */
const enders = words("kill killall pkill");
const powers = words("halt poweroff reboot shutdown");
/** What stands before a command and is none. */
const prefixes = words("-c do else env exec nohup sudo then xargs");

/** Managers of packages, which change what a host runs where they are told to install for all of it. */
const managers = words("bun npm pnpm yarn");
const forAll = words("--global --location=global -g global");
const packageVerbs = words("add i install link remove rm un uninstall unlink up update upgrade");

/** Tools that write files, whoever's these are. */
const fileTools = words(
  "chmod chown cp dd find install ln mkfs mount mv restic rm rsync scp sed shred sqlite3 tar tee truncate umount unlink unzip",
);

/** What a text of a command calls. */
export interface Calls {
  /** `docker stop`, never a word of the command's own. */
  changes: string[];
  /** It writes files. */
  writesFiles: boolean;
}

export function callsIn(text: string): Calls {
  const changes = new Set<string>();
  let writesFiles = false;
  for (const simple of text.replaceAll(/\\\r?\n/g, " ").split(/[\n;|&]+/)) {
    const said = wordsIn(simple);
    for (const [index, word] of said.entries()) {
      const name = toolName(word);
      const after = said.slice(index + 1);
      const isFirst = index === 0 || prefixes.has(said[index - 1] ?? "");
      const change = changeBy(name, after) ?? (isFirst ? endBy(name, after) : undefined);
      if (change !== undefined) {
        changes.add(change);
        break;
      }
      writesFiles ||= fileTools.has(name);
    }
  }
  return { changes: [...changes], writesFiles };
}

/** Whether a text speaks to an engine by its socket, past every tool. */
export function namesEngineSocket(text: string): boolean {
  return wordsIn(text).some(
    (word) => /^(unix:\/\/)?\//.test(word) && isEngineSocket(word.replace(/^unix:\/\//, "")),
  );
}

/** Words of a shell's, of JSON's and of YAML's. */
export function wordsIn(text: string): string[] {
  return text.split(/[\s"'`(){}[\],<>]+/).filter((word) => word !== "");
}

function toolName(word: string): string {
  return word.slice(Math.max(word.lastIndexOf("/"), word.lastIndexOf("\\")) + 1).replace(/\.exe$/i, "");
}

function changeBy(name: string, after: readonly string[]): string | undefined {
  if (managers.has(name)) {
    const verb = after.find((word) => packageVerbs.has(word));
    return verb !== undefined && after.some((word) => forAll.has(word))
      ? `${name} ${verb} --global`
      : undefined;
  }
  const verbs = tools.get(name);
  if (verbs === undefined) return undefined;
  const at = after.findIndex((word) => verbs.has(word));
  if (at < 0) return undefined;
  const group = after.slice(0, at).find((word) => groups.has(word));
  return [name, group, after[at]].filter((word) => word !== undefined).join(" ");
}

function endBy(name: string, after: readonly string[]): string | undefined {
  return powers.has(name) || (enders.has(name) && after.length > 0) ? name : undefined;
}
