import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseImageReference } from "../../config/image-reference.ts";
import { ConfigError, pathText } from "../../config/problem.ts";
import type { StackConfig } from "../../config/schema.ts";
import { readStackFile, StackFileError } from "../../config/stack-file.ts";
import { parseStackConfig, platformSchema } from "../../lifecycle/stack-config.ts";
import { credentialsOf } from "../../platforms/docker/registry-credentials.ts";
import { messageOf } from "../../platforms/failure.ts";
import { platformOf } from "../../platforms/of-stack.ts";
import type { Command, Output } from "../command.ts";
import { projectFolder } from "../project.ts";
import { runPulumi } from "../pulumi-command.ts";
import { resolveImage } from "../registry.ts";
import { fromProjectFolder, type NamedStack, stackFileOf } from "../stack.ts";
import { logs, sharedNetworks } from "./containers.ts";
import { controlPlaneHost } from "./control-plane.ts";
import type { Examination, Finding, Subject } from "./examination.ts";
import { images, place, rights, snapshotRoom } from "./host.ts";
import { backend, envFiles, evidencePlaces, nodeVersion, passphrase, pulumiVersion } from "./machine.ts";

/** Seconds for one question to Pulumi. */
const pulumiDeadline = 120;

export const doctor: Command = {
  name: "doctor",
  summary: "what is missing before the first update, each with its command",
  help: `
Looks at all that an update needs. It changes nothing and pulls nothing.
  this machine: Node.js, Pulumi, its backend, the passphrase, the folder of the records, the modes of keys
  the stack file, and the secrets that it needs
  the Docker host or the cluster: whether it answers, its clock, the images, the logins to their registries, room for snapshots
  the deployer's rights in the namespace of a cluster
  the workloads that run: whose logs grow without an end, and who else has their networks
  the control plane: whether the engine can make its instances, and its network

Exit code 0: nothing is missing. 1: something is; each line says what to do.`,
  flags: {},
  async run({ stack, configFile, out }) {
    const { subject, problems } = subjectOf({ stack, configFile });
    const stackFile: Examination = { name: "stack file", look: async () => problems };
    return examine(
      [
        nodeVersion,
        pulumiVersion(pinnedPulumi()),
        backend,
        passphrase,
        stackFile,
        evidencePlaces,
        envFiles,
        place,
        rights,
        images,
        snapshotRoom,
        logs,
        sharedNetworks,
        controlPlaneHost,
      ],
      subject,
      out,
    );
  },
};

/** @returns the exit code. */
export async function examine(
  examinations: readonly Examination[],
  subject: Subject,
  out: Output,
): Promise<number> {
  let missing = 0;
  for (const { name, look } of examinations) {
    const findings = await look(subject).catch((error: unknown): Finding[] => [
      { problem: messageOf(error), remedy: "Correct that, then run `fleet doctor` again" },
    ]);
    for (const finding of findings) {
      if ("well" in finding) {
        out.write(`✓ ${name}: ${finding.well}\n`);
        continue;
      }
      if ("advice" in finding) {
        out.write(`! ${name}: ${finding.advice}\n    ${finding.remedy}\n`);
        continue;
      }
      missing += 1;
      out.write(`✗ ${name}: ${finding.problem}\n    ${finding.remedy}\n`);
    }
  }
  out.write(
    missing === 0
      ? `Nothing is missing. Next: \`pulumi preview --stack ${subject.stack}\`.\n`
      : `${missing === 1 ? "1 thing is" : `${missing} things are`} missing.\n`,
  );
  return missing === 0 ? 0 : 1;
}

function subjectOf(named: NamedStack): { subject: Subject; problems: Finding[] } {
  const file = stackFileOf(named);
  const { config, host, problems } = configured(file);
  return {
    problems,
    subject: {
      stack: named.stack,
      file,
      config,
      platform: host,
      env: process.env,
      pulumi: (...argv) => runPulumi(argv, pulumiDeadline),
      modeOf: (path) => statSync(path, { throwIfNoEntry: false })?.mode,
      isWritable,
      missingInRegistry,
    },
  };
}

/** Whatever of it can be used: a host is asked even where the rest is not written yet. */
function configured(file: string): {
  config: StackConfig | undefined;
  host: Subject["platform"];
  problems: Finding[];
} {
  let settings: Record<string, unknown> = {};
  try {
    settings = readStackFile(file);
    const config = fromProjectFolder(parseStackConfig(settings, { demandSecrets: true }));
    const well = { well: `${file} has all that the program needs` };
    return { config, host: platformOf(config), problems: [well] };
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StackFileError)) throw error;
    const written = platformSchema.safeParse(settings.platform);
    const problems =
      error instanceof ConfigError
        ? error.problems.map(({ path, message }) => ({
            problem: `${pathText(path)}: ${message}`,
            remedy: `Correct it in ${file}`,
          }))
        : [{ problem: error.message, remedy: "docs/install.md has one to begin with" }];
    return {
      config: undefined,
      host: written.success ? platformOf({ platform: written.data }) : undefined,
      problems,
    };
  }
}

/** Or could be made: the nearest folder that is there counts. */
function isWritable(folder: string): boolean {
  let present = folder;
  while (statSync(present, { throwIfNoEntry: false }) === undefined) present = dirname(present);
  try {
    accessSync(present, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function missingInRegistry(reference: string): Promise<string | undefined> {
  const parsed = parseImageReference(reference);
  if ("problem" in parsed) return `${reference} is no image reference: ${parsed.problem}.`;
  try {
    await resolveImage(parsed, await credentialsOf(parsed.registry));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** The version of the SDK, which the command should have as well. */
function pinnedPulumi(): string {
  const text = readFileSync(join(projectFolder, "package.json"), "utf8");
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
  return dependencies["@pulumi/pulumi"] ?? "";
}
