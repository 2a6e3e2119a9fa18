import { resolve } from "node:path";
import type { Adoption, AdoptionSource } from "../platforms/adoption.ts";
import { secretsToSet, withOwnSecrets } from "./adoption-text.ts";
import { CommandFailure } from "./command.ts";
import { runPulumi } from "./pulumi-command.ts";
import type { NamedStack } from "./stack.ts";

/** Seconds for one `pulumi config set`: it derives a key from the passphrase. */
const deadline = 120;

/** Sets each secret of the stack from the variable of the container that has it. Values go from process to process only. */
export async function takeSecretsOver(
  { stack, configFile }: NamedStack,
  source: AdoptionSource,
  adoptions: readonly Adoption[],
): Promise<void> {
  for (const adoption of withOwnSecrets(adoptions)) {
    const values = await source.values(adoption.container);
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
