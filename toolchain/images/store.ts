import { join } from "node:path";
import type { DockerCommand } from "../docker-command.ts";
import { SetUpError } from "../set-up-error.ts";
import { ImageMaker, type MakerOptions } from "./maker.ts";
import type { TaggedRecipe } from "./recipe.ts";
import { readRecord, writeRecord } from "./record.ts";
import { manifestDigest } from "./registry.ts";

export interface StoreOptions extends MakerOptions {
  /** `127.0.0.1:PORT` of a running registry. */
  readonly registry: string;
}

/** Provides images: looks whether engine and registry have them, and makes, pulls or pushes only what is missing. */
export class ImageStore {
  readonly #options: StoreOptions;
  readonly #maker: ImageMaker;
  readonly #docker: DockerCommand;
  readonly #record: string;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#maker = new ImageMaker(options);
    this.#docker = this.#maker.docker;
    this.#record = join(options.cache, "images.json");
  }

  /** The reference with tag and digest under which the registry and the engine both have the image. */
  async provide(recipe: TaggedRecipe): Promise<string> {
    const local = await this.#maker.nameOf(recipe);
    const repository = `clawforce-fleet/${recipe.name}`;
    const name = `${this.#options.registry}/${repository}`;
    const recorded = (await readRecord(this.#record))[local];
    const registered = recorded !== undefined && (await this.#registryHas(repository, recorded));

    if (registered && (await this.#docker.imageId(local)) === undefined) {
      await this.#pull(recipe, `${name}@${recorded}`, local);
    }
    await this.#maker.make(recipe);
    // Only a push or a pull tells the engine the digest, once for every registry address.
    if (!registered || (await this.#docker.imageId(`${name}@${recorded}`)) === undefined) {
      return `${name}:${recipe.tag}@${await this.#push(recipe, local, repository)}`;
    }
    return `${name}:${recipe.tag}@${recorded}`;
  }

  async close(): Promise<void> {
    await this.#maker.close();
  }

  /** A registry that has the manifest and lost a layer is none: the image is then made again. */
  async #pull(recipe: TaggedRecipe, reference: string, local: string): Promise<void> {
    await this.#options.progress.step(`Pull ${recipe.title}`, async ({ result }) => {
      try {
        await this.#docker.pull(reference);
        await this.#docker.tag(reference, local);
      } catch {
        result(`Pull ${recipe.title}: the registry has lost a part of it`);
      }
    });
  }

  async #push(recipe: TaggedRecipe, local: string, repository: string): Promise<string> {
    const remote = `${this.#options.registry}/${repository}:${recipe.tag}`;
    return this.#options.progress.step(`Push ${recipe.title}`, async () => {
      await this.#docker.tag(local, remote);
      await this.#docker.push(remote);
      const digest = await manifestDigest(this.#options.registry, repository, recipe.tag);
      if (digest === undefined) {
        throw new SetUpError(`${remote} was pushed, and the registry does not have it: start again.`);
      }
      await writeRecord(this.#record, { ...(await readRecord(this.#record)), [local]: digest });
      return digest;
    });
  }

  async #registryHas(repository: string, digest: string): Promise<boolean> {
    return (await manifestDigest(this.#options.registry, repository, digest)) === digest;
  }
}
