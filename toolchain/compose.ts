import { join } from "node:path";
import { type Cache, digestOfSources, entryOf, keyOf } from "./cache.ts";
import { expectGo, goBuild, moduleFolder } from "./go-build.ts";
import type { Progress } from "./progress.ts";

/** The one in its go.mod; it says it to whoever asks. */
export const composeVersion = "v2.29.7";

const module = "compose";
/** With the download of its modules. */
const buildSeconds = 600;

/**
 * The real Docker Compose, as the command `docker compose`: only for tests that ask for it. Call it under the set-up lock.
 *
 * @returns a folder for `DOCKER_CONFIG`: docker finds the command there, and nothing of the user's own settings.
 */
export async function compose(cache: Cache, progress: Progress): Promise<string> {
  return progress.step("Docker Compose", async ({ doing, result }) => {
    const key = keyOf({
      platform: `${process.platform}-${process.arch}`,
      sources: digestOfSources(moduleFolder(module)),
    });
    const { folder, found, origin } = await entryOf(cache, module, key, async (into) => {
      await expectGo("Docker Compose");
      doing("building Docker Compose from Go modules", buildSeconds);
      await goBuild(cache, {
        module,
        target: "github.com/docker/compose/v2/cmd",
        output: join(into, "cli-plugins", "docker-compose"),
        linkerVariables: [`github.com/docker/compose/v2/internal.Version=${composeVersion}`],
      });
      return "built from Go modules";
    });
    result(`Docker Compose ${composeVersion}: ${found ? `in the cache, ${origin}` : origin}`);
    return folder;
  });
}
