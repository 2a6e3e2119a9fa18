import { resolve } from "node:path";
import type { DockerHost } from "../platforms/docker/access.ts";
import { variablesOf } from "../platforms/docker/adopted-settings.ts";
import type { Adoption } from "../platforms/docker/adoption.ts";
import { dockerClient, inspectContainer, unreachableHost } from "../platforms/docker/client.ts";
import { secretsToSet, withOwnSecrets } from "./adoption-text.ts";
import { CommandFailure } from "./command.ts";
import { runPulumi } from "./pulumi-command.ts";
import type { NamedStack } from "./stack.ts";

/** Seconds for one `pulumi config set`: it derives a key from the passphrase. */
const deadline = 120;

/** Sets each secret of the stack from the variable of the container that has it. Values go from process to process only. */
export async function takeSecretsOver(
  { stack, configFile }: NamedStack,
  host: DockerHost,
  adoptions: readonly Adoption[],
): Promise<void> {
  for (const adoption of withOwnSecrets(adoptions)) {
    const values = await variablesIn(host, adoption.container);
    for (const { what, key, variable } of secretsToSet(adoption)) {
      const file = configFile === undefined ? [] : ["--config-file", resolve(configFile)];
      const argv = ["config", "set", "--stack", stack, ...file, "--secret", "--path", `clawforce:${key}`];
      const { code, stderr } = await runPulumi([...argv, "--non-interactive"], deadline, {
        input: values[variable] ?? "",
      });
      if (code !== 0) {
        throw new CommandFailure(
          `${adoption.container}: ${what} could not be set as clawforce:${key}. The lines were not written. Pulumi says: ${stderr.trim()}`,
        );
      }
    }
  }
}

async function variablesIn(platform: DockerHost, container: string): Promise<Record<string, string>> {
  try {
    const found = await inspectContainer(dockerClient(platform.host, platform), container);
    return found === undefined ? {} : variablesOf(found);
  } catch (error) {
    throw unreachableHost(platform.host, error);
  }
}
