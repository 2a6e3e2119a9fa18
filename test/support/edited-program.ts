import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../../fleet/project.ts";

/** One place of our program and what stands there instead: a text that is there once. */
export interface Edit {
  file: string;
  from: string;
  to: string;
}

const programParts = [
  "Pulumi.yaml",
  "package.json",
  "index.ts",
  "components",
  "config",
  "lifecycle",
  "operations",
  "platforms",
];

/** Our own program with edits that no configuration can make, in a folder of its own while `work` goes on. */
export async function withEdits<Result>(
  edits: readonly Edit[],
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "clawforce-edited-"));
  try {
    for (const part of programParts) {
      await cp(join(projectFolder, part), join(folder, part), { recursive: true });
    }
    await symlink(join(projectFolder, "node_modules"), join(folder, "node_modules"));
    for (const { file, from, to } of edits) {
      const parts = (await readFile(join(folder, file), "utf8")).split(from);
      if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times ${from}`);
      await writeFile(join(folder, file), parts.join(to));
    }
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
