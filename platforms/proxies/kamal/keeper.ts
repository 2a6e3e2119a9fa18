import { readFile } from "node:fs/promises";
import type { StackConfig } from "../../../config/schema.ts";
import type { Platform } from "../../platform.ts";

/**
 * The text of scripts/keep-deadlines.sh for the container of the stack's ingress. Another text replaces that container, and
 * cuts what it serves: one that does the same as ours keeps its own, so that a comment costs nobody a connection.
 */
export async function keeperFor(
  { ingress }: Pick<StackConfig, "ingress">,
  platform: Pick<Platform, "commandOf">,
): Promise<string> {
  const ours = (await readFile(new URL("scripts/keep-deadlines.sh", import.meta.url), "utf8")).trim();
  return ingress === undefined ? ours : keptText(ours, (await platform.commandOf(ingress.name))?.at(-1));
}

/** What runs, where it does the same as ours. */
export function keptText(ours: string, running: string | undefined): string {
  return running !== undefined && behaviour(running) === behaviour(ours) ? running : ours;
}

/** A script without its comments and blank lines. */
function behaviour(script: string): string {
  return script
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .join("\n");
}
