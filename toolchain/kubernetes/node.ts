// The first process of a cluster's own namespaces: makes its mounts and its network, and keeps its programs running.
// It ends, and with it every process of the cluster, when its standard input does.
//
//   unshare --fork --pid --mount --net --uts --kill-child --mount-proc node node.ts < one line of JSON, then nothing

import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Addresses } from "./addresses.ts";
import { type Component, components, type NodePrograms } from "./components.ts";
import { inside, nodeName, placesIn } from "./places.ts";
import { kubeletSysctls } from "./sysctls.ts";

/** What the keeper tells it, see keeper.ts. */
export interface NodeOrder {
  readonly state: string;
  /** The folder with the programs of Kubernetes and the archive of the pause image. */
  readonly programs: string;
  readonly debian: NodePrograms;
  readonly addresses: Addresses;
}

/** Ends of one program within this time that make it hopeless. */
const mostEnds = 5;
const endsWithinMs = 60_000;
const places = placesIn(inside.state);

function main(): void {
  const lines = createInterface({ input: process.stdin });
  lines.once("line", (line) => start(JSON.parse(line) as NodeOrder).catch(giveUp));
  lines.once("close", () => process.exit(0));
}

async function start({ state, programs, debian, addresses }: NodeOrder): Promise<void> {
  makeMounts(state, programs);
  makeNetwork(addresses);
  const [etcd, containerd, ...others] = components(addresses, debian);
  keepRunning(etcd);
  keepRunning(containerd);
  await importPauseImage();
  for (const component of others) keepRunning(component);
}

/** None of them is seen by the machine: these mounts are the cluster's own. */
function makeMounts(state: string, programs: string): void {
  mount("--make-rprivate", "/");
  // Put together in the state folder first: the new /run may hide the place that this one has.
  const run = join(state, "run");
  mkdirSync(run, { recursive: true });
  mount("-t", "tmpfs", "-o", "mode=755", "run", run);
  for (const [folder, place] of [
    [state, inside.state],
    [programs, inside.programs],
  ] as const) {
    mkdirSync(join(run, basename(place)));
    mount("--bind", folder, join(run, basename(place)));
  }
  mount("--move", run, "/run");
  for (const folder of ["/var/lib", "/var/log"]) mount("-t", "tmpfs", "-o", "mode=755", "own", folder);
  mkdirSync(places.kubelet, { recursive: true });
  mount("--bind", places.kubelet, places.kubelet);
  for (const [name, value] of Object.entries(kubeletSysctls)) {
    const own = `/run/sysctl/${name}`;
    mkdirSync(dirname(own), { recursive: true });
    writeFileSync(own, `${value}\n`);
    mount("--bind", own, `/proc/sys/${name}`);
  }
  // A volume that kubelet mounts must reach the containers that run already.
  mount("--make-rshared", "/");
}

function makeNetwork({ node, prefix }: Addresses): void {
  writeFileSync("/proc/sys/kernel/hostname", nodeName);
  command("ip", "link", "set", "lo", "up");
  command("ip", "address", "add", `${node}/${prefix}`, "dev", "eth0");
  command("ip", "link", "set", "eth0", "up");
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
}

async function importPauseImage(): Promise<void> {
  const argv = ["--address", inside.containerd, "--namespace", "k8s.io", "images", "import"];
  for (let tries = 0; ; tries += 1) {
    try {
      return command("ctr", ...argv, `${inside.programs}/pause.tar`);
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(200);
    }
  }
}

function keepRunning(component: Component | undefined, before: readonly number[] = []): void {
  if (component === undefined) return;
  const log = join(places.logs, `${component.name}.log`);
  const output = openSync(log, "a", 0o600);
  const [program, ...args] = component.argv;
  const child = spawn(program, args, { stdio: ["ignore", output, output], cwd: "/" });
  closeSync(output);
  child.once("error", giveUp);
  child.once("exit", (code, signal) => {
    const ends = [...before, Date.now()].filter((end) => end > Date.now() - endsWithinMs);
    appendFileSync(log, `\n${component.name} ended with ${code ?? signal}\n`);
    if (ends.length >= mostEnds) giveUp(new Error(`${component.name} has ended ${mostEnds} times`));
    setTimeout(() => keepRunning(component, ends), 1000);
  });
}

/** Without a table of mounts beside the kernel's: it lies in /run, which is replaced. */
function mount(...args: string[]): void {
  command("mount", "--no-mtab", ...args);
}

function command(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
}

function giveUp(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

main();
