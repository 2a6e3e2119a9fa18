import { join } from "node:path";
import { type Cache, cacheAt } from "../cache.ts";
import { DockerCommand } from "../docker-command.ts";
import type { Progress } from "../progress.ts";
import { keyOf, localReference, type Recipe } from "./recipe.ts";
import { closeWorkshop, openWorkshop, type Workshop } from "./workshop.ts";

export interface MakerOptions {
  readonly dockerHost: string;
  /** The cache folder that set-up has opened. */
  readonly cache: string;
  readonly progress: Progress;
}

/** Makes images with one engine: each once, with all that it is built on. */
export class ImageMaker {
  readonly docker: DockerCommand;
  readonly #progress: Progress;
  readonly #cache: Cache;
  readonly #log: string;
  #workshop: Workshop | undefined;

  constructor({ dockerHost, cache, progress }: MakerOptions) {
    this.#cache = cacheAt(cache);
    this.#log = join(this.#cache.logs, "images.log");
    this.#progress = progress;
    this.docker = new DockerCommand(dockerHost, this.#log);
  }

  /** The engine's name of an image, whether it is there or not. */
  async nameOf(recipe: Recipe): Promise<string> {
    return localReference(recipe, await keyOf(recipe, import.meta.dirname));
  }

  /** Returns the engine's name of the image, made now if it was not there. */
  async make(recipe: Recipe): Promise<string> {
    const reference = await this.nameOf(recipe);
    if ((await this.docker.imageId(reference)) !== undefined) return reference;
    const base = recipe.base === undefined ? "" : await this.make(recipe.base);
    this.#workshop ??= await openWorkshop(this.docker, this.#cache, this.#log);
    const workshop = this.#workshop;
    await this.#progress.step(`Make ${recipe.title}`, ({ doing }) =>
      recipe.make(workshop, { reference, base, doing }),
    );
    return reference;
  }

  async close(): Promise<void> {
    if (this.#workshop !== undefined) await closeWorkshop(this.#workshop);
  }
}
