import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MakeOptions, Workshop } from "./workshop.ts";

/** How one image is made. */
export interface Recipe {
  /** Its name below `clawforce-fleet/`. */
  readonly name: string;
  /** Its tag in the registry; an image without one never goes there. */
  readonly tag?: string;
  readonly base?: Recipe;
  /** Files and folders below toolchain/images that decide what is in the image. */
  readonly sources: readonly string[];
  /** What it is, for people. */
  readonly title: string;
  /** Leaves the image in the engine under `reference`. */
  make(workshop: Workshop, options: MakeOptions): Promise<void>;
}

/** An image that goes to the registry. */
export type TaggedRecipe = Recipe & { readonly tag: string };

/** Every image that this toolchain makes carries it, so that cleaning up finds them all. */
export const madeHere = "clawforce-fleet.made-by=toolchain";

/** Changes when anything changes that the image is made of: its sources, its tag, the images it stands on. */
export async function keyOf(recipe: Recipe, folder: string): Promise<string> {
  const hash = createHash("sha256");
  hash.update(`${recipe.name}\0${recipe.tag ?? ""}\0`);
  if (recipe.base !== undefined) hash.update(`${await keyOf(recipe.base, folder)}\0`);
  for (const source of recipe.sources) {
    for (const [path, content] of await contentsOf(folder, source))
      hash.update(path).update("\0").update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

async function contentsOf(folder: string, source: string): Promise<[string, Buffer][]> {
  const path = join(folder, source);
  const names = await readdir(path).catch((problem: NodeJS.ErrnoException) => {
    if (problem.code === "ENOTDIR") return undefined;
    throw problem;
  });
  if (names === undefined) return [[source, await readFile(path)]];
  return (await Promise.all(names.sort().map((name) => contentsOf(folder, `${source}/${name}`)))).flat();
}

/** The engine's own name of the image with this key, whatever the registry. */
export function localReference(recipe: Recipe, key: string): string {
  return `clawforce-fleet/${recipe.name}:${recipe.tag === undefined ? key : `${recipe.tag}-${key}`}`;
}

/** An empty build context with copies of some sources in it. */
export async function contextWith(
  workshop: Workshop,
  name: string,
  sources: readonly string[],
): Promise<string> {
  const context = join(workshop.scratch, "contexts", name);
  await mkdir(context, { recursive: true });
  for (const source of sources) {
    await cp(join(import.meta.dirname, source), join(context, source.slice(source.lastIndexOf("/") + 1)));
  }
  return context;
}
