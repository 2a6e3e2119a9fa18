import { readFile } from "node:fs/promises";
import type Docker from "dockerode";
import type { StackConfig } from "../../../config/schema.ts";
import { unreachableHost } from "../../docker/client.ts";
import { question } from "../../docker/question.ts";

/**
 * The text of scripts/keep-deadlines.sh for the container of the stack's ingress. Another text replaces that container, and
 * cuts what it serves: one that does the same as ours keeps its own, so that a comment costs nobody a connection.
 */
export async function keeperFor({
  platform,
  ingress,
}: Pick<StackConfig, "platform" | "ingress">): Promise<string> {
  const ours = (await readFile(new URL("scripts/keep-deadlines.sh", import.meta.url), "utf8")).trim();
  if (ingress === undefined) return ours;
  try {
    const path = `/containers/${ingress.name}/json`;
    const { status, body } = await question(platform.host, platform, path);
    const found = status === 200 ? (JSON.parse(body) as Docker.ContainerInspectInfo) : undefined;
    return keptText(ours, found?.Config.Cmd?.at(-1));
  } catch (error) {
    throw unreachableHost(platform.host, error);
  }
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
