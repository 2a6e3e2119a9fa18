import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DockerAccess } from "../../platforms/docker/access.ts";
import { dockerClient } from "../../platforms/docker/client.ts";
import { OwnEngine } from "../support/own-engine.ts";
import { SshServer } from "../support/ssh-server.ts";
import { partsOfThisRun, World, type WorldOptions } from "../support/world.ts";

/** A real dockerd beside the machine's, behind a real sshd and behind TLS: nothing of it can be reached in another way. */
describe("a far Docker host", () => {
  let engine: OwnEngine;
  let ssh: SshServer;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "clawforce-far-"));
    engine = await OwnEngine.start();
    ssh = await SshServer.start();
  });
  afterAll(async () => {
    await ssh?.stop();
    await engine?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const sshHost = () => ssh.address(`${engine.folder}/d.sock`);
  const keys = () => ({ identityFile: ssh.identityFile, knownHosts: ssh.knownHosts });

  async function farWorld(options: WorldOptions): Promise<World> {
    const { fixture } = (await partsOfThisRun()).images;
    const own = { instances: 1, patience: true, dockerHost: engine.host };
    return World.create({ stable: fixture[1] }, { ...own, ...options });
  }

  it.each([
    ["ssh", () => ({ kind: "docker", host: sshHost(), ssh: keys() })],
    ["TLS", () => ({ kind: "docker", host: engine.tcp, tls: { certPath: engine.certPath } })],
  ])("is set up, updated and looked at over %s", async (_, platform) => {
    const { fixture } = (await partsOfThisRun()).images;
    const world = await farWorld({ settings: () => ({ platform: platform() }) });
    try {
      const [name = ""] = world.instances;
      const first = await world.up();
      expect(first.code, first.output).toBe(0);
      await world.ask(name, "/messages", { method: "POST", body: { text: "before the update" } });

      await world.configure({ images: { stable: fixture[1], candidate: fixture[2] } });
      const update = await world.up();
      expect(update.code, update.output).toBe(0);
      expect((await world.inspect(name)).Config.Image).toBe(fixture[2]);
      const { body } = await world.ask(name, "/messages");
      expect((body as { text: string }[]).map(({ text }) => text)).toEqual(["before the update"]);
      const kinds = (await world.records(name)).map(({ kind }) => kind);
      expect(kinds.slice(-8)).toEqual([
        ...["snapshot", "drill", "snapshot", "cut-over"],
        ...["settings", "gate", "state", "verification"],
      ]);

      const unchanged = await world.up();
      expect(unchanged.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
      const status = await world.fleet("status");
      expect(status.code, status.output).toBe(0);
      expect(status.output).toContain(name);
    } finally {
      await world.destroy();
    }
  });

  const ask = (access: DockerAccess) => dockerClient(sshHost(), access).ping();

  it("over ssh takes the key from the agent", async () => {
    const agent = await ssh.agent();
    const before = process.env.SSH_AUTH_SOCK;
    process.env.SSH_AUTH_SOCK = agent.socket;
    try {
      expect(String(await ask({ ssh: { knownHosts: ssh.knownHosts } }))).toBe("OK");
    } finally {
      agent.end();
      if (before === undefined) delete process.env.SSH_AUTH_SOCK;
      else process.env.SSH_AUTH_SOCK = before;
    }
  });

  it("with an unknown host key is refused", async () => {
    const knownHosts = join(folder, "none");
    await expect(ask({ ssh: { ...keys(), knownHosts } })).rejects.toThrow(
      `The host key of the Docker host ${sshHost()} is not in ${knownHosts}, so nothing was sent. Print it: \`ssh-keyscan -p ${ssh.port} 127.0.0.1\`. Compare it`,
    );
  });

  it("with another host key than the known one is refused", async () => {
    const knownHosts = join(folder, "other");
    await writeFile(knownHosts, await ssh.hostLine("client"));
    await expect(ask({ ssh: { ...keys(), knownHosts } })).rejects.toThrow(
      `The Docker host ${sshHost()} shows another host key than ${knownHosts} has for it. Somebody may stand in between, so nothing was sent.`,
    );
  });

  it("refuses a key that it does not know", async () => {
    const identityFile = join(ssh.folder, "host");
    await expect(ask({ ssh: { ...keys(), identityFile } })).rejects.toThrow(
      /refuses \w+ \(.*Permission denied \(publickey\)\.\)\. Put the public key of .*host into that user's authorized_keys/,
    );
  });

  it("says what ssh says when there is no engine behind it", async () => {
    const host = ssh.address("/nowhere/d.sock");
    await expect(dockerClient(host, { ssh: keys() }).ping()).rejects.toThrow(
      /^The Docker host ssh:.* can't be reached through ssh \(.*nowhere\/d\.sock.*\)\. Make sure that this works by hand/,
    );
  });

  it("over TLS is refused without its certificates, and with those of somebody else", async () => {
    const other = await OwnEngine.start();
    try {
      const tls = { certPath: other.certPath };
      await expect(dockerClient(engine.tcp, { tls }).ping()).rejects.toThrow(
        `The Docker host ${engine.tcp} and the certificates in clawforce:platform.tls do not agree`,
      );
      await expect(dockerClient(engine.tcp).ping()).rejects.toThrow(
        "wants TLS. Write clawforce:platform.tls",
      );
    } finally {
      await other.stop();
    }
  });

  it("takes the certificates that the docker command takes", async () => {
    const before = process.env.DOCKER_CERT_PATH;
    process.env.DOCKER_CERT_PATH = engine.certPath;
    try {
      expect(String(await dockerClient(engine.tcp).ping())).toBe("OK");
    } finally {
      if (before === undefined) delete process.env.DOCKER_CERT_PATH;
      else process.env.DOCKER_CERT_PATH = before;
    }
  });

  it("is never another one than the configuration names", async () => {
    const world = await farWorld({ environment: { DOCKER_CONTEXT: "elsewhere" } });
    try {
      const refused = await world.preview();
      expect(refused.code, refused.output).not.toBe(0);
      expect(refused.output).toContain(
        "DOCKER_CONTEXT names the context elsewhere. Run `unset DOCKER_CONTEXT`.",
      );
    } finally {
      await world.destroy();
    }
  });
});
