import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debootstrap, installProgram, programPath } from "../debian.ts";
import { Unavailable } from "../fallbacks.ts";
import { run } from "../processes.ts";
import { SetUpError } from "../set-up-error.ts";
import type { MakeOptions, Workshop } from "./workshop.ts";

const official = "debian:bookworm-slim";
/** Enough for the 30 MB; an engine that reaches no registry gives up by itself much earlier. */
const pullMs = 120_000;
const archive = "http://deb.debian.org/debian";

/** As on the official image: the release with its updates and security fixes. */
const sources = `deb ${archive} bookworm main
deb ${archive} bookworm-updates main
deb ${archive}-security bookworm-security main
`;

/** What belongs to the machine that made the root file system, or can be had again: documentation, caches, logs. */
const leftOut = [
  "etc/hostname",
  "etc/machine-id",
  "etc/resolv.conf",
  "usr/share/doc",
  "usr/share/info",
  "usr/share/locale",
  "usr/share/man",
  "var/cache/apt",
  "var/cache/ldconfig",
  "var/lib/apt/lists",
  "var/log/alternatives.log",
  "var/log/apt",
  "var/log/bootstrap.log",
  "var/log/dpkg.log",
];

/** Debian bookworm: the official image, or where no public registry answers, one made of Debian's packages. */
export async function makeBase(workshop: Workshop, options: MakeOptions, label: string): Promise<void> {
  try {
    await workshop.docker.pull(official, pullMs);
  } catch {
    options.doing("Debian bookworm from Debian's packages");
    await importDebian(workshop, options, label);
    return;
  }
  await workshop.docker.tag(official, options.reference);
}

async function importDebian(
  workshop: Workshop,
  { reference, doing }: MakeOptions,
  label: string,
): Promise<void> {
  const refusal = refusalFor(process.getuid?.());
  if (refusal !== undefined) throw new SetUpError(refusal);
  const program = programPath(debootstrap) ?? (await installDebootstrap(workshop, doing));
  const { log } = workshop;
  const root = join(workshop.scratch, "debian");
  const tar = join(workshop.scratch, "debian.tar");
  await run([program, "--arch=amd64", "--variant=minbase", "bookworm", root, archive], { log });
  for (const path of leftOut) await rm(join(root, path), { recursive: true, force: true });
  await writeFile(join(root, "etc/apt/sources.list"), sources);
  await chmod(root, 0o755);
  await run(["tar", "--create", `--file=${tar}`, ...tarArgs, `--directory=${root}`, "."], { log });
  await workshop.docker.importArchive(tar, reference, [
    `LABEL ${label}`,
    'CMD ["bash"]',
    `ENV PATH=${binaries}`,
  ]);
  await rm(root, { recursive: true, force: true });
  await rm(tar);
}

async function installDebootstrap(workshop: Workshop, doing: MakeOptions["doing"]): Promise<string> {
  try {
    return await installProgram(workshop.cache, debootstrap, doing);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    throw new SetUpError(
      `${official} cannot be pulled, and without apt it cannot be made here: give Docker access to a registry that has it.`,
    );
  }
}

/** Why a root file system cannot be made by this user, undefined when it can. */
export function refusalFor(userId: number | undefined): string | undefined {
  if (userId === 0) return undefined;
  return `${official} cannot be pulled and only root can make it of Debian's packages: start again as root, or give Docker access to a registry that has it.`;
}

const binaries = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The same packages give the same archive, byte for byte. */
const tarArgs = [
  "--sort=name",
  "--numeric-owner",
  "--mtime=@0",
  "--exclude=./dev/*",
  "--exclude=./proc/*",
  "--exclude=./sys/*",
];
