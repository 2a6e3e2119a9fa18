import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerClient } from "../../platforms/docker/client.ts";
import { waitHealthy } from "../../platforms/docker/lifecycle.ts";
import { partsOfThisRun } from "../support/world.ts";

describe("the wait for a container", () => {
  const name = `waited-for-${process.pid}`;
  let docker: Docker;

  beforeAll(async () => {
    const { dockerHost, images } = await partsOfThisRun();
    docker = dockerClient(dockerHost);
    const container = await docker.createContainer({
      name,
      Image: images.fixture[1],
      Cmd: ["sh", "-c", "exit 3"],
      HostConfig: { NetworkMode: "none", RestartPolicy: { Name: "always" } },
    });
    await container.start();
  });
  afterAll(() => docker.getContainer(name).remove({ force: true }));

  it("ends with the exit code where it starts again and again, long before its deadline", async () => {
    await expect(waitHealthy(docker, name, 3600)).rejects.toThrow(
      new RegExp(
        `^the container ${name} has ended \\d+ times, last with exit code 3\\. Its log: \`docker logs`,
      ),
    );
  });
});
