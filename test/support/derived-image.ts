import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dockerCommand } from "./docker-command.ts";

/**
 * An image on top of another one, pushed to where that is from.
 *
 * @param lines of a Dockerfile, after its FROM.
 * @returns its reference with digest.
 */
export async function derivedImage(base: string, tag: string, lines: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "clawforce-derived-"));
  try {
    await writeFile(join(folder, "Dockerfile"), [`FROM ${base}`, ...lines, ""].join("\n"));
    const repository = base.slice(0, base.indexOf("@")).replace(/:[^:/]+$/, "");
    const reference = `${repository}:${tag}`;
    await dockerCommand("build", "--quiet", "--tag", reference, folder);
    await dockerCommand("push", "--quiet", reference);
    const format = "{{range .RepoDigests}}{{println .}}{{end}}";
    const digests = (await dockerCommand("image", "inspect", "--format", format, reference)).split("\n");
    const pinned = digests.find((each) => each.startsWith(`${repository}@`)) ?? "";
    return `${reference}${pinned.slice(pinned.indexOf("@"))}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
