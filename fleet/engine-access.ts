import { resolve } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { CommandFailure } from "./command.ts";
import type { NamedStack } from "./stack.ts";

/** Opens a stack for a command. */
export async function openEngine(named: NamedStack): Promise<Stack> {
  // The engine's SDK is large: loaded by the commands that need it.
  const { openStack } = await import("./engine.ts");
  try {
    return await openStack(named);
  } catch (error) {
    throw new CommandFailure(
      `Pulumi can't read the stack ${named.stack}; nothing was touched: ${reasonOf(error)}`,
    );
  }
}

/** Without `showSecrets: false` the SDK decrypts the history, and Pulumi writes a stray stack file into the project for that. */
export function quietOptions({ configFile }: NamedStack): { configFile?: string; showSecrets: false } {
  return { showSecrets: false, ...(configFile !== undefined && { configFile: resolve(configFile) }) };
}

export function isLocked(error: unknown): boolean {
  return error instanceof Error && error.name === "ConcurrentUpdateError";
}

/** What the engine itself says, without the SDK's frame around it. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes("spawn pulumi ENOENT")) {
    return "there is no program `pulumi` on PATH.";
  }
  return /^ *error: (.+)$/m.exec(message)?.[1] ?? message.split("\n")[0] ?? "";
}
