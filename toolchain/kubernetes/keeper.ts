// The one process of a disposable cluster on the machine's side: holds its link, its control group and its way to the
// registry, and starts the node in namespaces of its own. When it ends, however it ends, all of that goes.
//
//   node keeper.ts ORDER.json

import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning, type OwnProcess, ownProcess } from "../processes.ts";
import type { Addresses } from "./addresses.ts";
import { ApiClient } from "./api-client.ts";
import type { ClusterRecord, KeeperOrder } from "./cluster-record.ts";
import { apiAddress } from "./components.ts";
import { controlGroupFolders, makeControlGroup, mountedHierarchies } from "./control-groups.ts";
import { makeCredentials, write } from "./credentials.ts";
import { makeLink } from "./link.ts";
import { serveNames } from "./names.ts";
import { NodeProcess } from "./node-process.ts";
import { nodeSettings } from "./node-settings.ts";
import { nodeName, placesIn } from "./places.ts";
import type { ClusterPrograms } from "./programs.ts";
import { Provisioner } from "./provisioner.ts";
import { forwardRegistry } from "./registry-forward.ts";
import { Undertaker } from "./undertaker.ts";

type Ending = () => Promise<void> | void;

/** A busy machine takes minutes. */
const readyMs = 15 * 60_000;

async function main(file: string): Promise<void> {
  // Images are unpacked by it: under a stricter one nobody but root could use what is in them. What is secret says its own mode.
  process.umask(0o022);
  const order = JSON.parse(readFileSync(file, "utf8")) as KeeperOrder;
  const places = placesIn(order.state);
  const endings: Ending[] = [];
  const ended = Promise.withResolvers<string>();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => ended.resolve(`it was stopped by ${signal}`));
  }
  endWith(order.owner, ended.resolve);
  try {
    const failed = ended.promise.then((why) => Promise.reject(new Error(why)));
    const record = await Promise.race([start(order, endings, ended.resolve), failed]);
    write(`${places.record}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
    renameSync(`${places.record}.new`, places.record);
    write(places.failure, await ended.promise);
    // Nobody is left who would remove it.
    const orphaned = order.owner !== undefined && !(await isRunning(order.owner));
    if (orphaned) endings.unshift(() => rmSync(order.state, { recursive: true, force: true }));
  } catch (error) {
    write(places.failure, error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  } finally {
    for (const end of endings.reverse()) await end();
  }
  process.exit();
}

async function start(
  { state, programs, registry }: KeeperOrder,
  endings: Ending[],
  hasEnded: (why: string) => void,
): Promise<ClusterRecord> {
  const places = placesIn(state);
  const node = new NodeProcess(join(places.logs, "node.log"), hasEnded);
  endings.push(() => node.end());
  const addresses = await makeLink(await node.first());
  const hierarchies = mountedHierarchies();
  const undertaker = new Undertaker(addresses.name, controlGroupFolders(hierarchies, addresses.name));
  // After the node: its processes are in the groups. The endings run backwards.
  endings.unshift(() => undertaker.bury());
  makeControlGroup(hierarchies, addresses.name);
  if (registry !== undefined) {
    const server = await forwardRegistry(registry, addresses.host);
    endings.push(() => void server.close());
  }
  const { authority, token } = await makeCredentials(places, addresses);
  writeSettings(places.settings, addresses, programs, registry);
  node.tell({ state, programs: programs.folder, debian: programs, addresses });

  const server = apiAddress(addresses);
  const api = new ApiClient({ server, authority, token });
  await expectReady(api);
  const names = await serveNames(api, addresses.host);
  endings.push(() => void names.close());
  const provisioner = new Provisioner(api, state);
  await provisioner.start();
  endings.push(() => provisioner.end());
  return {
    keeper: await ownProcess(process.pid),
    name: addresses.name,
    server,
    state,
    programs: programs.folder,
  };
}

function writeSettings(
  folder: string,
  addresses: Addresses,
  { cni }: ClusterPrograms,
  registry: string | undefined,
): void {
  const port = registry?.split(":")[1];
  const settings = nodeSettings({
    addresses,
    cniPrograms: cni,
    registry: registry === undefined ? undefined : { name: registry, address: `${addresses.host}:${port}` },
  });
  for (const [name, text] of Object.entries(settings)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    write(join(folder, name), text);
  }
}

async function expectReady(api: ApiClient): Promise<void> {
  for (const end = Date.now() + readyMs; ; await sleep(200)) {
    const problem = await notReady(api);
    if (problem === undefined) return;
    if (Date.now() > end) throw new Error(`after ${readyMs / 60_000} minutes ${problem}`);
  }
}

/** Why no pod can start yet, as a clause. */
async function notReady(api: ApiClient): Promise<string | undefined> {
  const node = await api.get(`/api/v1/nodes/${nodeName}`).catch(() => undefined);
  if (node === undefined) return "the API does not answer";
  const { status } = node.body as {
    status?: { conditions?: { type: string; status: string; message: string }[] };
  };
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") return `the node is not ready: ${ready?.message ?? "it has not come"}`;
  const account = await api.get("/api/v1/namespaces/default/serviceaccounts/default").catch(() => undefined);
  return account?.status === 200 ? undefined : "there is no service account for pods";
}

function endWith(owner: OwnProcess | undefined, hasEnded: (why: string) => void): void {
  if (owner === undefined) return;
  setInterval(async () => {
    if (!(await isRunning(owner))) hasEnded(`process ${owner.pid}, which it was started for, has ended`);
  }, 1000);
}

await main(process.argv[2] ?? "");
