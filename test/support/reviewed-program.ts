import { execFile } from "node:child_process";
import { cp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectFolder } from "../../fleet/project.ts";
import type { World } from "./world.ts";

export interface Reviewed {
  code: number;
  document: string;
  said: string;
}

/** Runs `fleet review` of a project's folder, ours or a changed copy. */
export function reviewedIn(world: World, folder = projectFolder): Promise<Reviewed> {
  const argv = ["review", "--stack", world.stack, "--config-file", world.configFile];
  return new Promise((resolve) => {
    const options = { cwd: folder, env: world.environment(), maxBuffer: 1e8 };
    execFile("node", [join(folder, "fleet/main.ts"), ...argv], options, (error, document, said) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, document, said }),
    );
  });
}

/** The whole project as somebody has changed it, in the folder of a world: each edit must find its text. */
export async function changedCopy(
  world: World,
  edits: Record<string, [from: string, to: string][]>,
): Promise<string> {
  const folder = join(world.folder, "changed");
  await rm(folder, { recursive: true, force: true });
  const left = [".git", "node_modules", "test", "demo", "docs"].map((each) => join(projectFolder, each));
  await cp(projectFolder, folder, { recursive: true, filter: (path) => !left.includes(path) });
  await symlink(join(projectFolder, "node_modules"), join(folder, "node_modules"));
  for (const [file, changes] of Object.entries(edits)) {
    let text = await readFile(join(folder, file), "utf8");
    for (const [from, to] of changes) {
      if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
      text = text.replace(from, to);
    }
    await writeFile(join(folder, file), text);
  }
  return folder;
}

/** The rows of a review's table of workloads that are instances. */
export function rowsOf(document: string): string[] {
  return document.split("\n").filter((line) => /^\| `.*\| runtime \|/.test(line));
}

export function refusalsOf(document: string): string[] {
  const [, refused = ""] = document.split("### Refused\n");
  const lines = refused.split("\n###")[0]?.split("\n") ?? [];
  return lines.filter((line) => /^\d+\. /.test(line));
}
