import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import { WaveTraffic } from "../../lifecycle/ingress/traffic.ts";
import type { WorkloadContext } from "../../lifecycle/workload.ts";
import { dockerClient } from "../../platforms/docker/client.ts";
import { execInContainer } from "../../platforms/docker/exec.ts";
import { oneShotLabel } from "../../platforms/docker/one-shot.ts";
import { DockerPlatform } from "../../platforms/docker/platform.ts";
import { KamalProxy } from "../../platforms/proxies/kamal/proxy.ts";
import { scratchFolder } from "../support/scratch.ts";
import { partsOfThisRun, until } from "../support/world.ts";

/** Writes a file's text to its log as soon as it is there: a log whose lines and rotation a test decides. */
const writer = `
  const fs = require("node:fs");
  console.log("Server started");
  setInterval(() => {
    if (!fs.existsSync("/tmp/say")) return;
    const text = fs.readFileSync("/tmp/say", "utf8");
    fs.rmSync("/tmp/say");
    process.stdout.write(text, () => fs.writeFileSync("/tmp/said", ""));
  }, 50);`;

describe("the traffic of a wave, in a log that Docker keeps", () => {
  const name = `traffic${randomBytes(4).toString("hex")}`;
  let docker: Docker;
  let dockerHost: string;
  let container: Docker.Container;

  beforeAll(async () => {
    const parts = await partsOfThisRun();
    const { images } = parts;
    ({ dockerHost } = parts);
    docker = dockerClient(dockerHost);
    container = await docker.createContainer({
      name,
      Image: images.fixture[1],
      Entrypoint: [],
      Cmd: ["node", "-e", writer],
      Healthcheck: { Test: ["NONE"] },
      Labels: { [oneShotLabel]: name },
      HostConfig: {
        NetworkMode: "none",
        Init: true,
        LogConfig: { Type: "json-file", Config: { "max-size": "50k", "max-file": "2" } },
      },
    });
    await container.start();
  });
  afterAll(() => container?.remove({ force: true, v: true }));

  /** Lines, each as often as it says. */
  async function say(...lines: [text: string, count: number][]): Promise<void> {
    const script =
      "const fs=require('node:fs');fs.rmSync('/tmp/said',{force:true});const lines=JSON.parse(process.argv[1]);" +
      "fs.writeFileSync('/tmp/next',lines.map(([text,count])=>(text+'\\n').repeat(count)).join(''));" +
      "fs.renameSync('/tmp/next','/tmp/say')";
    const argv = ["node", "-e", script, JSON.stringify(lines)];
    const { exitCode, stderr } = await execInContainer(docker, name, argv, { deadline: 60 });
    expect(exitCode, stderr).toBe(0);
    await until("it is said", async () => {
      const said = await execInContainer(docker, name, ["ls", "/tmp/said"], { deadline: 60 });
      return said.exitCode === 0;
    });
  }

  function requests(service: string, status: number, count = 1): [string, number] {
    return [JSON.stringify({ time: "", level: "INFO", msg: "Request", service, status }), count];
  }

  it("is told apart by workload and by time, read once, and not believed once a part was rotated away", async () => {
    const folder = scratchFolder();
    const wave = ["a", "b", "c"].map((workload) => ({
      proxy: new KamalProxy(new DockerPlatform({ host: dockerHost }), name),
      log: new EvidenceLog(join(folder, "evidence"), "stack", workload),
      workload: { name: workload, ...(workload !== "c" && { ingress: { container: name } }) },
    })) as unknown as WorkloadContext[];
    await say(requests("a", 200, 8), requests("a", 500, 2), requests("b", 502));
    const since = new Date();
    await say(["no JSON", 1], requests("a", 200, 3), requests("b", 503), requests("other", 500));

    const traffic = await WaveTraffic.create(wave, since, 60);
    await traffic.readBefore();
    await traffic.read(new Date());
    expect(traffic.of("a")).toMatchObject({
      now: { served: 3, failed: 0, errors: 0 },
      before: { served: 8, failed: 0, errors: 2 },
      whole: true,
    });
    expect(traffic.of("b")).toMatchObject({
      now: { served: 0, failed: 1, errors: 0 },
      before: { served: 0, failed: 1, errors: 0 },
    });
    expect(traffic.of("c")).toBeUndefined();

    await say(requests("a", 200, 5));
    await traffic.read(new Date());
    expect(traffic.of("a")).toMatchObject({ now: { served: 8, failed: 0, errors: 0 }, whole: true });

    await say(requests("a", 200, 2000));
    await traffic.read(new Date());
    expect(traffic.of("a")).toMatchObject({ whole: false });
  });
});
