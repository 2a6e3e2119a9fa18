import { parseArgs } from "node:util";
import { cacheFolder, openCache } from "../cache.ts";
import { dockerEngine } from "../docker-engine.ts";
import { exitOnSignals } from "../processes.ts";
import { lineProgress, type Progress } from "../progress.ts";
import { failWith, SetUpError } from "../set-up-error.ts";
import { ImageMaker, type MakerOptions } from "./maker.ts";
import type { TaggedRecipe } from "./recipe.ts";
import { proxy, snapshotTools } from "./recipes.ts";

const usage = "Write `npm run images -- --push REGISTRY/PATH`, as in registry.example.com/clawforce.";

/** What a stack needs beside the images that it runs, and where the stack file names it. */
const published: readonly [key: string, recipe: TaggedRecipe][] = [
  ["clawforce:snapshots.image", snapshotTools],
  ["clawforce:ingress.image", proxy],
];

/** Makes both images and pushes them, as `docker login` lets this user. Returns key and reference with digest. */
export async function publishImages(
  prefix: string,
  options: MakerOptions,
): Promise<[key: string, reference: string][]> {
  const maker = new ImageMaker(options);
  const results: [string, string][] = [];
  try {
    for (const [key, recipe] of published) {
      const local = await maker.make(recipe);
      const repository = `${prefix}/${recipe.name}`;
      results.push([key, await pushed(maker, options.progress, local, repository, recipe)]);
    }
    return results;
  } finally {
    await maker.close();
  }
}

async function pushed(
  { docker }: ImageMaker,
  progress: Progress,
  local: string,
  repository: string,
  { tag, title }: TaggedRecipe,
): Promise<string> {
  const reference = `${repository}:${tag}`;
  return progress.step(`Push ${title}`, async () => {
    await docker.tag(local, reference);
    try {
      await docker.push(reference);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const registry = repository.split("/")[0];
      throw new SetUpError(`${reference} can't be pushed. Try \`docker login ${registry}\` first. ${reason}`);
    }
    const digest = (await docker.digestsOf(reference)).find((each) => each.startsWith(`${repository}@`));
    if (digest === undefined) {
      throw new SetUpError(`${reference} was pushed, and the engine knows no digest of it. Start again.`);
    }
    return `${reference}@${digest.slice(digest.indexOf("@") + 1)}`;
  });
}

/** A host as image references have it, which a name without dot or port is not, and a path. */
const place =
  /^(localhost(:\d+)?|[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?|[a-z0-9-]+:\d+)(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

/** @throws SetUpError where it is no place of a registry. */
export function prefixOf(argv: readonly string[]): string {
  let given: string | undefined;
  try {
    given = parseArgs({ args: [...argv], options: { push: { type: "string" } } }).values.push;
  } catch {
    throw new SetUpError(usage);
  }
  const prefix = given?.replace(/\/+$/, "") ?? "";
  if (!place.test(prefix)) {
    throw new SetUpError(
      given === undefined ? usage : `${JSON.stringify(given)} is no place of a registry. ${usage}`,
    );
  }
  return prefix;
}

async function main(): Promise<void> {
  exitOnSignals();
  const prefix = prefixOf(process.argv.slice(2));
  const progress = lineProgress();
  const cache = openCache(cacheFolder(process.env));
  const engine = await progress.step("Docker engine", async ({ doing, result }) => {
    const found = await dockerEngine(cache, doing);
    result(`Docker engine: ${found.origin}`);
    return found;
  });
  const results = await publishImages(prefix, { dockerHost: engine.host, cache: cache.folder, progress });
  console.log("\nFor the stack file:");
  for (const [key, reference] of results) console.log(`  ${key}: ${reference}`);
}

if (import.meta.main) main().catch(failWith);
