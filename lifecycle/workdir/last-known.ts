import { join } from "node:path";
import { drain, gatewayContainer } from "../../config/container-schema.ts";
import type { StackConfig } from "../../config/schema.ts";
import { OperationFailure, untouchedBy } from "../../platforms/failure.ts";
import type { Platform, Unit } from "../../platforms/platform.ts";
import type { IngressProxy, IngressService } from "../../platforms/proxy.ts";
import { withPlatform } from "../earlier-input.ts";
import { workloadFolder } from "../evidence/log.ts";
import { failedName } from "../update/adoption.ts";
import { keySettings, placeOf, startSettingsOf } from "../update/workload-input.ts";
import type { Workload } from "../workload.ts";
import { DocumentDamaged, readDocument, writeWhole } from "./whole-file.ts";

/**
 * What a workload was when it last passed through its gate, for its removal once it has left the configuration. It is this
 * machine's memory and no evidence: without it the same is read from the container.
 */
export function rememberWorkload(folder: string, workload: Workload): Promise<void> {
  return writeWhole(fileIn(folder), workload);
}

/**
 * The programs' input for a workload that has left the configuration.
 *
 * @throws OperationFailure when nothing says where its state is.
 */
export async function lastKnownInput(
  config: StackConfig,
  { stack, name }: { stack: string; name: string },
  { platform, proxy }: { platform: Platform; proxy: IngressProxy | undefined },
): Promise<Workload> {
  const { directory } = config.evidence;
  const file = fileIn(workloadFolder(directory, stack, name));
  const remembered = await rememberedIn(file);
  if (remembered !== undefined) {
    // Records and platform are where the configuration has them now.
    const { rehearsal: _rehearsal, ...kept } = withPlatform(remembered);
    return { ...kept, ...placeOf(config), evidenceDirectory: directory, evidenceKeys: keySettings(config) };
  }
  try {
    const unit = await ownNameOf(platform, { stack, name });
    const found = await platform.unit(unit);
    const isOwn = (await platform.strangerAt({ stack, name, unit })) === undefined;
    const there = found && { ...found, isOwn };
    const remove = platform.words.removeCommands(unit);
    return inputOfUnit({ config, stack, name, unit, file, remove }, there, await serviceOf(proxy, name));
  } catch (error) {
    throw untouchedBy(error);
  }
}

/** The name of its container: what the stack has made for it may have another name than the workload. */
async function ownNameOf(
  platform: Platform,
  { stack, name }: { stack: string; name: string },
): Promise<string> {
  if ((await platform.unit(name)) !== undefined) return name;
  const looked = await platform.observe([{ unit: name, workload: name }], stack);
  return [...looked].find(([unit, { of }]) => of === name && unit !== failedName(name))?.[0] ?? name;
}

/** Undefined when the file is not there, or is not what was written: the container knows the same. */
async function rememberedIn(file: string): Promise<Workload | undefined> {
  try {
    const found = (await readDocument(file)) as Partial<Workload> | null | undefined;
    const isWhole = [found?.name, found?.stack, found?.container, found?.mount].every(
      (each) => typeof each === "string",
    );
    return isWhole && found?.state !== undefined ? (found as Workload) : undefined;
  } catch (error) {
    if (error instanceof DocumentDamaged) return undefined;
    throw error;
  }
}

/** An ingress that does not answer is asked again when the workload is taken out of it. */
async function serviceOf(proxy: IngressProxy | undefined, name: string): Promise<IngressService | undefined> {
  try {
    return (await proxy?.services())?.get(name);
  } catch {
    return undefined;
  }
}

type LeftUnit = Pick<Unit, "image" | "mounts" | "stopGrace"> & {
  /** This stack has made it, for this workload. */
  isOwn: boolean;
};

interface Leaving {
  config: StackConfig;
  stack: string;
  name: string;
  /** The name of its container. */
  unit: string;
  /** Where its input should be, and what removes its container, for messages. */
  file: string;
  remove: readonly string[];
}

/** The same from what the platform and the ingress know: enough to stop it, to copy its state, and to start it again. */
export function inputOfUnit(
  leaving: Leaving,
  found: LeftUnit | undefined,
  service: IngressService | undefined,
): Workload {
  const { config, stack, name, unit } = leaving;
  const gateway = gatewayContainer.parse({});
  const port = Number(service?.target.split(":").at(-1) ?? gateway.port);
  return {
    ...{ stack, name, track: "runtime", ...placeOf(config), container: unit },
    image: found?.image ?? "",
    startedWith: startSettingsOf(gateway),
    ...stateOf(leaving, found, gateway.stateDirectory),
    port,
    healthWait: gateway.health.wait,
    drain: drain.parse({}),
    stopGrace: found?.stopGrace ?? 30,
    maintenance: config.maintenance.length,
    snapshots: config.snapshots,
    evidenceDirectory: config.evidence.directory,
    evidenceKeys: keySettings(config),
    gate: [],
    verification: [],
    wayBack: `put ${name} back into the configuration and run \`pulumi up\`.`,
    ...(config.ingress !== undefined && {
      ingress: {
        container: config.ingress.name,
        hosts: service?.hosts ?? [],
        hold: config.ingress.hold,
        drain: config.ingress.drain,
        healthPath: gateway.health.path,
      },
    }),
  };
}

/** Where its state is: the one thing that must not be guessed. Without a container nothing is copied. */
function stateOf(
  { stack, name, file, remove }: Leaving,
  found: LeftUnit | undefined,
  stateDirectory: string,
): Pick<Workload, "state" | "mount"> {
  if (found === undefined) return { state: { volume: `${name}-state` }, mount: stateDirectory };
  if (!found.isOwn) {
    throw new OperationFailure(
      `${name}: the stack ${stack} did not make the container of this name. Nothing was done to it. ` +
        `If the workload is gone, take it out of the state: \`pulumi refresh --stack ${stack}\`.`,
    );
  }
  const writable = found.mounts.filter((each) => each.writable && !each.at.endsWith("/docker.sock"));
  const [mount, ...others] =
    writable.length === 1 ? writable : writable.filter((each) => each.at === stateDirectory);
  if (mount === undefined || others.length > 0) {
    throw new OperationFailure(
      `${name}: it has left the configuration, and ${file} is missing or damaged. Its container does not show which of its ` +
        `mounts is its state (${writable.map((each) => each.at).join(", ") || "it has none"}). Nothing was done to it. Put the file back from the ` +
        `copy of the evidence directory and run \`pulumi up\` again. Without a copy: copy these mounts yourself, then ` +
        `${remove.map((command) => `\`${command}\``).join(", ")} and \`pulumi refresh --stack ${stack}\`. What its state is in stays.`,
    );
  }
  return { state: mount.from, mount: mount.at };
}

function fileIn(folder: string): string {
  return join(folder, "workload.json");
}
