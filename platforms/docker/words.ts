import type { PlatformWords } from "../words.ts";

/** @param host - as `docker --host` takes it. */
export function dockerWords(host: string): PlatformWords {
  return {
    place: "the Docker host",
    disk: {
      name: "Docker's own disk",
      // An image that has a digest and no tag is what a prune removes first.
      advice:
        "`docker system df -v` shows what fills Docker's own disk. `docker builder prune` is safe. `docker image prune` and `docker system prune` " +
        "are not: they remove the image to go back to.",
    },
    answerCommand: () => `docker --host ${host} version`,
    listCommand: () => "docker ps --all",
    logCommand: (unit) => `docker logs --tail 50 ${unit}`,
    pullCommand: (reference) => `docker pull ${reference}, on the Docker host`,
    folderCommand: (path) => `install -d -m 0700 ${path}, on the Docker host`,
    removeCommands: (unit) => [`docker stop ${unit}`, `docker rm ${unit}`],
  };
}
