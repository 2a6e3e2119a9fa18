import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation/index.js";
import { projectFolder } from "./project.ts";

export { projectFolder } from "./project.ts";

export interface StackLocation {
  stack: string;
  /** A stack file elsewhere than Pulumi.<stack>.yaml in the project's folder. */
  configFile?: string | undefined;
  /** Added to the environment of the engine: PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE_FILE and the like. */
  environment?: Record<string, string>;
}

/** Opens a stack that exists. Throws with the engine's own message when it does not. */
export async function openStack(location: StackLocation): Promise<Stack> {
  const envVars = location.environment ?? {};
  const workspace = await LocalWorkspace.create({ workDir: projectFolder, envVars });
  // Every call names its stack. Selecting it, as the SDK does, would change what the operator's next bare `pulumi up` is for.
  workspace.selectStack = async (stack) => {
    await workspace.exportStack(stack);
  };
  return Stack.select(location.stack, workspace);
}
