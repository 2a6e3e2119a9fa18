import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../demo/free-port.ts";
import { derivedImage } from "../support/derived-image.ts";
import { dockerCommand } from "../support/docker-command.ts";
import { partsOfThisRun, World } from "../support/world.ts";
import { hostOf } from "../support/world-settings.ts";

/** What an image's own start does to the configuration of each gateway, before it starts it. */
const dropsServer =
  "const f='/home/node/.openclaw/openclaw.json',{readFileSync:r,writeFileSync:w}=require('node:fs');" +
  "const c=JSON.parse(r(f,'utf8'));delete c.mcp?.servers?.docs;w(f,JSON.stringify(c));" +
  "require('node:child_process').spawn('fixture',{stdio:'inherit'}).on('exit',(code)=>process.exit(code))";

/** As OpenClaw from 2026.9 on where its configuration names no proxy: healthy for all that look from beside it. */
const refusesProxies =
  "const h=require('node:http'),c=h.createServer;h.createServer=(f)=>c((q,r)=>q.headers['x-forwarded-for']===undefined?f(q,r):" +
  "(r.writeHead(403),r.end('Proxy client attribution is required')));" +
  "require('node:module').syncBuiltinESMExports();import('/opt/fixture/server.mjs')";

/** Images that were built wrongly, as operators report them. */
describe("an update to an image that was built wrongly", () => {
  let world: World;
  let name: string;
  let stable: string;
  const made: string[] = [];

  beforeAll(async () => {
    stable = (await partsOfThisRun()).images.fixture[2];
    world = await World.create(
      { stable },
      {
        ...{ instances: 1, patience: true },
        settings: () => ({ rehearsal: { deadline: "5m" } }),
        group: { verification: [{ kind: "unchanged", what: ["configuration"], deadline: "10s" }] },
      },
    );
    name = world.instances[0] as string;
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    const mcp = { servers: { docs: { command: "docs-server" }, code: { command: "code-server" } } };
    expect((await world.ask(name, "/config", { method: "POST", body: { mcp } })).status).toBeLessThan(300);
  });
  afterAll(async () => {
    await world?.destroy();
    for (const each of made) await dockerCommand("image", "rm", "--force", each);
  });

  it("is refused before the stop where the command of the image is none", async () => {
    const before = await world.identity(name);
    await toImage("bad-command", ['ENTRYPOINT ["no-such-program"]']);
    const refused = await world.up();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(
      /rehearsal failed: fixture:\S+: it does not work on a copy of the state: .* ended with exit code 127/,
    );
    expect(refused.output).toContain("exec no-such-program failed: No such file or directory");
    expect(refused.output).toContain("Nothing was stopped. The copy is removed.");
    expect(await world.identity(name)).toEqual(before);
    expect(refused.output).toContain("First: the image does not have what it is started with.");
    expect((await world.records(name)).findLast(({ kind }) => kind === "rehearsal")).toMatchObject({
      ...{ outcome: "failed", failure: { stage: "start" } },
    });
  });

  it("does not pass where the image's start drops a server from the configuration, and the way back brings it", async () => {
    await toImage("drops-server", [`ENTRYPOINT ["node", "-e", ${JSON.stringify(dropsServer)}]`]);
    const failed = await world.up();
    expect(failed.code).not.toBe(0);
    // What a new version does to the configuration need not be wrong: the rehearsal shows it, and the checks judge.
    expect(failed.output).toMatch(
      /gone from the configuration: mcp\.servers\.docs\.command; going back: with the state, because .* openclaw\.json mcp\.servers\.docs\.command is gone/,
    );
    expect(failed.output).toContain("gone from /home/node/.openclaw/openclaw.json: mcp.servers.docs");
    await world.configure({ images: { stable } });
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect((await world.inspect(name)).Config.Image).toBe(stable);
    expect(back.output).toMatch(/✓ unchanged: \d+ keys as before/);
  });

  async function toImage(tag: string, lines: string[]): Promise<void> {
    const candidate = await derivedImage(stable, `${world.stack}-${tag}`, lines);
    made.push(candidate);
    await world.configure({ images: { stable, candidate } });
  }
});

/** The update that every check from beside the gateway calls a success, while nobody is served any more. */
describe("an update to a version that answers nobody through the ingress", () => {
  let world: World;
  let name: string;
  let port: number;
  let rehearses = true;
  let candidate: string;

  beforeAll(async () => {
    const stable = (await partsOfThisRun()).images.fixture[2];
    port = await freePort();
    world = await World.create(
      { stable },
      {
        ...{ instances: 1, patience: true, ingress: { publish: { port } } },
        settings: () => ({ rehearsal: { enabled: rehearses, deadline: "5m" } }),
      },
    );
    name = world.instances[0] as string;
    const first = await world.up();
    expect(first.code, first.output).toBe(0);
    expect(await asPeopleDo()).toBe(200);
    const lines = [`ENTRYPOINT ["node", "-e", ${JSON.stringify(refusesProxies)}]`];
    candidate = await derivedImage(stable, `${world.stack}-refuses-proxies`, lines);
  });
  afterAll(async () => {
    await world?.destroy();
    if (candidate !== undefined) await dockerCommand("image", "rm", "--force", candidate);
  });

  const stable = () => world.parts.images.fixture[2];
  const asPeopleDo = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { host: hostOf(name) };
      const asked = request({ host: "127.0.0.1", port, path: "/healthz", headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.once("error", reject);
      asked.end();
    });

  it("is refused before the stop, with what to write down first", async () => {
    const before = await world.identity(name);
    await world.configure({ images: { stable: stable(), candidate } });
    const refused = await world.up();
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain(
      "it becomes healthy, and answers HTTP 200 as it is, and 403 to what the ingress forwards: Proxy client attribution is required",
    );
    expect(refused.output).toContain("First: name the address of the ingress under `gateway.trustedProxies`");
    expect(await world.identity(name)).toEqual(before);
    expect(await asPeopleDo()).toBe(200);
  });

  it("does not pass its gate where it was not rehearsed: nobody gets its answers, and the way back serves", async () => {
    rehearses = false;
    await world.configure({ images: { stable: stable(), candidate } });
    const failed = await world.up();
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain("✓ http /healthz");
    expect(failed.output).toContain("✗ through the ingress: HTTP 200 as it is, and 403");
    expect(failed.output).toContain("Its requests are held until");
    await world.configure({ images: { stable: stable() } });
    const back = await world.up();
    expect(back.code, back.output).toBe(0);
    expect(await asPeopleDo()).toBe(200);
  });
});
