import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cache } from "./cache.ts";
import { Unavailable } from "./fallbacks.ts";
import { answerOf, run, systemFolders } from "./processes.ts";
import type { Doing } from "./progress.ts";
import { folderOnPath } from "./pulumi.ts";
import { SetUpError } from "./set-up-error.ts";

const policyFile = "/usr/sbin/policy-rc.d";
const noPrompts = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };

/** A program of Debian that set-up starts itself. */
export interface DebianProgram {
  readonly program: string;
  /** Where it is when it is not on anybody's PATH. */
  readonly folder?: string;
  readonly packages: readonly [string, ...string[]];
  /** The services the packages bring: not started at installation, nor at the next boot. */
  readonly services: readonly string[];
}

export const dockerd: DebianProgram = {
  program: "dockerd",
  packages: ["docker.io", "iptables"],
  services: ["docker.service", "docker.socket"],
};
export const dockerRegistry: DebianProgram = {
  program: "docker-registry",
  packages: ["docker-registry"],
  services: ["docker-registry.service"],
};
/** For the tests of far Docker hosts alone. */
export const sshd: DebianProgram = {
  program: "sshd",
  packages: ["openssh-server"],
  services: ["ssh.service", "ssh.socket"],
};
/** What a disposable cluster takes beside the programs of Kubernetes, see kubernetes/programs.ts. */
export const etcd: DebianProgram = {
  program: "etcd",
  packages: ["etcd-server"],
  services: ["etcd.service"],
};
export const containerd: DebianProgram = {
  program: "containerd",
  packages: ["containerd"],
  services: ["containerd.service"],
};
export const cniPlugins: DebianProgram = {
  program: "bridge",
  folder: "/usr/lib/cni",
  packages: ["containernetworking-plugins"],
  services: [],
};
/** Programs that the node's own ones start. */
export const nodeCommands: readonly DebianProgram[] = [
  { program: "conntrack", packages: ["conntrack"], services: [] },
  { program: "iptables", packages: ["iptables"], services: [] },
  { program: "ip", packages: ["iproute2"], services: [] },
  { program: "openssl", packages: ["openssl"], services: [] },
  { program: "unshare", packages: ["util-linux"], services: [] },
];
/** What building the images from Debian's packages takes, where no image can be pulled. */
export const debootstrap: DebianProgram = { program: "debootstrap", packages: ["debootstrap"], services: [] };

/** Where the program is on this machine, if it is. */
export function programPath(wanted: DebianProgram): string | undefined {
  const folders = wanted.folder ?? `${process.env.PATH ?? ""}:${systemFolders}`;
  const folder = folderOnPath(folders, wanted.program);
  return folder === undefined ? undefined : join(folder, wanted.program);
}

/** Installs the program's packages and returns where it is. Not available without apt or without root. */
export async function installProgram(cache: Cache, wanted: DebianProgram, doing: Doing): Promise<string> {
  const [path = ""] = await installPrograms(cache, [wanted], doing);
  return path;
}

/** The same for several, with one look at what the mirrors have. */
export async function installPrograms(
  cache: Cache,
  wanted: readonly DebianProgram[],
  doing: Doing,
): Promise<string[]> {
  const packages = wanted.flatMap((program) => program.packages);
  const list = packages.join(" ");
  if (folderOnPath(systemFolders, "apt-get") === undefined) {
    throw new Unavailable(`there is no apt to install ${list} with`);
  }
  if (process.getuid?.() !== 0) throw new Unavailable(`only root may install ${list}`);
  doing(`installing ${list}`);
  await withoutServiceStarts(async () => {
    const log = join(cache.logs, "apt.log");
    await run(["apt-get", "update", "-q"], { log, env: noPrompts });
    await run(["apt-get", "install", "-q", "-y", "--no-install-recommends", ...packages], {
      log,
      env: noPrompts,
    });
  });
  // What was installed for us alone must not come up by itself at the next boot.
  if (existsSync("/run/systemd/system")) {
    for (const service of wanted.flatMap(({ services }) => services)) {
      await answerOf(["systemctl", "disable", "--now", service]);
    }
  }
  return wanted.map((program) => {
    const path = programPath(program);
    if (path !== undefined) return path;
    throw new SetUpError(`apt-get installed ${list} without ${program.program}: install it by hand.`);
  });
}

/** Debian's own switch against starting services during an installation, set only when nobody has set it. */
async function withoutServiceStarts(install: () => Promise<void>): Promise<void> {
  if (existsSync(policyFile)) return install();
  const remove = () => rmSync(policyFile, { force: true });
  process.on("exit", remove);
  writeFileSync(policyFile, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await install();
  } finally {
    process.off("exit", remove);
    remove();
  }
}
