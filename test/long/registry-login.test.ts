import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../demo/free-port.ts";
import { dockerClient } from "../../platforms/docker/client.ts";
import { ensureImage } from "../../platforms/docker/image.ts";
import { credentialsOf } from "../../platforms/docker/registry-credentials.ts";
import { dockerRegistry, programPath } from "../../toolchain/debian.ts";
import { type OwnProcess, stop } from "../../toolchain/processes.ts";
import { registryConfig } from "../../toolchain/registry.ts";
import { OwnEngine, startOwn } from "../support/own-engine.ts";
import { partsOfThisRun, runProgram, until, World } from "../support/world.ts";

const user = "deploy";
const password = "a password of the tests";
/** The same, as htpasswd keeps it. */
const hashed = "$2b$04$1nojmfNkdPeOdUr9jROQ4Oi8QxnmhQfI3wpwoXmZtVUR2Swiv9gxi";

/** A real registry that wants a login, a real engine that has none of its images, and a helper program on PATH. */
describe("a registry with a login", () => {
  let folder: string;
  let registry: OwnProcess;
  let engine: OwnEngine;
  let address: string;
  /** The first version of the fixture, as that registry has it. */
  let image: string;
  /** Folders for DOCKER_CONFIG. */
  const logins = { none: "", file: "", helper: "" };
  const path = process.env.PATH;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "clawforce-login-"));
    address = `127.0.0.1:${await freePort()}`;
    await mkdir(join(folder, "storage"));
    await writeFile(join(folder, "htpasswd"), `${user}:${hashed}\n`);
    const config = {
      ...JSON.parse(registryConfig(join(folder, "storage"), address)),
      auth: { htpasswd: { realm: "tests", path: join(folder, "htpasswd") } },
    };
    await writeFile(join(folder, "registry.yml"), JSON.stringify(config));
    const program = programPath(dockerRegistry) ?? "docker-registry";
    registry = await startOwn([program, "serve", join(folder, "registry.yml")], join(folder, "log"));
    await until("the registry wants a login", () =>
      fetch(`http://${address}/v2/`).then(
        ({ status }) => status === 401,
        () => false,
      ),
    );
    engine = await OwnEngine.start();
    await makeLogins();
    image = await published((await partsOfThisRun()).images.fixture[1]);
  });
  afterAll(async () => {
    process.env.PATH = path;
    await engine?.stop();
    if (registry !== undefined) await stop(registry, 5000);
    await rm(folder, { recursive: true, force: true });
  });

  async function makeLogins(): Promise<void> {
    const auth = Buffer.from(`${user}:${password}`).toString("base64");
    for (const [name, config] of [
      ["none", {}],
      ["file", { auths: { [address]: { auth } } }],
      ["helper", { auths: { [address]: {} }, credHelpers: { [address]: "tests" } }],
    ] as const) {
      logins[name] = join(folder, name);
      await mkdir(logins[name]);
      await writeFile(join(logins[name], "config.json"), JSON.stringify(config), { mode: 0o600 });
    }
    const helper = join(folder, "bin", "docker-credential-tests");
    await mkdir(join(folder, "bin"));
    const answer = JSON.stringify({ ServerURL: address, Username: user, Secret: password });
    await writeFile(
      helper,
      `#!/bin/sh\nread -r server\n[ "$1 $server" = "get ${address}" ] && echo '${answer}' || { echo credentials not found in native keychain; exit 1; }\n`,
    );
    await chmod(helper, 0o755);
    process.env.PATH = `${join(folder, "bin")}${delimiter}${path}`;
  }

  /** Puts an image into the registry by the docker command, and takes it from the engine again. */
  async function published(reference: string): Promise<string> {
    const docker = async (...argv: string[]) => {
      const env = { ...process.env, ...{ DOCKER_HOST: engine.host, DOCKER_CONFIG: logins.file } } as Record<
        string,
        string
      >;
      const { code, output } = await runProgram("docker", argv, env);
      expect(code, output).toBe(0);
      return output;
    };
    const pushed = `${address}/private/fixture:1`;
    await docker("pull", "--quiet", reference);
    await docker("tag", reference, pushed);
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(await docker("push", pushed))?.[1] ?? "";
    await docker("rmi", "--force", pushed, reference);
    return `${pushed}@${digest}`;
  }

  /** As in a shell in which DOCKER_CONFIG names this login. */
  async function withLogin<T>(login: string, work: () => Promise<T>): Promise<T> {
    const before = process.env.DOCKER_CONFIG;
    process.env.DOCKER_CONFIG = login;
    try {
      return await work();
    } finally {
      if (before === undefined) delete process.env.DOCKER_CONFIG;
      else process.env.DOCKER_CONFIG = before;
    }
  }

  const client = () => dockerClient(engine.host, { answer: 60 });
  const pull = () => ensureImage(client(), image);

  it("gives nothing to who has not logged in, and says how to", async () => {
    await expect(withLogin(logins.none, pull)).rejects.toThrow(
      new RegExp(
        `^${image} can't be pulled: .* This machine has no login for its registry\\. If it needs one, run \`docker login ${address}\`\\.$`,
      ),
    );
  });

  it.each(["file", "helper"] as const)("gives an image to the login in a %s", async (login) => {
    expect(await withLogin(logins[login], () => credentialsOf(address))).toEqual({ user, password });
    expect(await withLogin(logins[login], pull)).toBe("pulled");
    expect(await withLogin(logins.none, pull)).toBe("present");
    await client().getImage(image).remove({ force: true });
  });

  it("is pulled from by an update, and no password gets into the state", async () => {
    const tools = (await partsOfThisRun()).environment.PATH;
    const world = await World.create(
      { stable: image },
      {
        instances: 1,
        patience: true,
        dockerHost: engine.host,
        environment: { DOCKER_CONFIG: logins.helper, PATH: `${join(folder, "bin")}${delimiter}${tools}` },
        settings: () => ({ platform: { kind: "docker", host: engine.host } }),
      },
    );
    try {
      const { code, output } = await world.up();
      expect(code, output).toBe(0);
      expect((await world.inspect(world.instances[0] ?? "")).Config.Image).toBe(image);
      const state = await world.pulumi(["stack", "export", "--show-secrets", "--stack", world.stack]);
      expect(state.output).toContain(image);
      expect(state.output + output).not.toContain(password);
    } finally {
      await world.destroy();
    }
  });
});
