import { fileURLToPath } from "node:url";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";

/** The project's folder: what the stack's program and its operations are run from. */
export const projectFolder = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

export interface StackLocation {
  stack: string;
  /** A stack file elsewhere than Pulumi.<stack>.yaml in the project's folder. */
  configFile?: string | undefined;
  /** Added to the environment of the engine: PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE_FILE and the like. */
  environment?: Record<string, string>;
}

/** Opens a stack that exists. Throws with the engine's own message when it does not. */
export function openStack(location: StackLocation): Promise<Stack> {
  return LocalWorkspace.selectStack(
    { stackName: location.stack, workDir: projectFolder },
    { envVars: location.environment ?? {} },
  );
}
