import { generateKeyPairSync } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubernetesOfThisRun } from "../support/cluster.ts";
import { ClusterWorld, type PodIdentity } from "../support/cluster-world.ts";
import { partsOfThisRun, until } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();

/** A production stack: what its gateways have of secrets, when a new value reaches them, and where no value stands. */
describe.skipIf("missing" in kubernetes)("the secrets of gateways on Kubernetes", () => {
  let on: ClusterWorld;
  let [canary, second] = ["", ""];
  const [old, next] = ["the-first-key", "the-second-key"];
  const unchanged = /Resources:\n {4}\d+ unchanged\n/;

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    on = await ClusterWorld.create(
      kubernetes,
      { stable: images.fixture[1] },
      {
        instances: 2,
        settings: ({ folder }) => ({
          environment: "production",
          change: { owner: "the tests", ticket: "T-1", changelogReviewed: true },
          rehearsal: { secrets: ["MODEL_API_KEY"] },
          evidence: { directory: join(folder, "evidence"), signingKey: join(folder, "key.pem") },
        }),
      },
    );
    [canary = "", second = ""] = on.world.instances;
    on.container.secrets = { MODEL_API_KEY: "model-key" };
    on.container.memory = "192 MiB";
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" });
    await writeFile(join(on.world.folder, "key.pem"), pem, { mode: 0o600 });
    await setSecret("secrets.model-key", old);
    await on.world.configure();
    const first = await on.world.up();
    expect(first.code, first.output).toBe(0);
  });
  afterAll(() => on?.destroy());

  async function setSecret(key: string, value: string): Promise<void> {
    const argv = ["config", "set", "--secret", "--path", `clawforce:${key}`, value];
    const set = await on.world.pulumi([...argv, ...on.world.stackFlags()]);
    expect(set.code, set.output).toBe(0);
  }

  /** As its program has them. */
  async function variableOf(name: string, variable: string): Promise<string> {
    return (await on.kubectl("exec", `${name}-0`, "--", "printenv", variable)).trim();
  }
  const keys = () => Promise.all([canary, second].map((name) => variableOf(name, "MODEL_API_KEY")));
  const tokenOf = (name: string) => variableOf(name, "OPENCLAW_GATEWAY_TOKEN");
  const limitOf = (name: string) =>
    on.kubectl("get", "pod", `${name}-0`, "--output=jsonpath={.spec.containers[0].resources.limits.memory}");
  const goneOf = async (name: string, before: PodIdentity) => (await on.identity(name)).uid !== before.uid;

  it("get another limit of memory canary first, as every change that makes a pod anew", async () => {
    const untouched = await on.identity(second);
    on.container.memory = "256 MiB";
    await on.world.configure();
    const preview = await on.world.preview();
    expect(preview.output).toMatch(new RegExp(`${canary}: change of settings on .* \\(memory changes\\)`));
    expect(preview.output).toMatch(new RegExp(`${second}: keeps its settings until .* \\(memory changes\\)`));
    const up = await on.world.up();
    expect(up.code, up.output).toBe(0);
    expect(await Promise.all([canary, second].map(limitOf))).toEqual([
      `${256 * 2 ** 20}`,
      `${192 * 2 ** 20}`,
    ]);
    expect(await on.identity(second)).toEqual(untouched);
  });

  it("get a new value canary first, and the others keep theirs, whoever ends their pod", async () => {
    const token = await tokenOf(second);
    const stored = await on.kubectl(
      "get",
      "secret",
      `${second}-secrets`,
      "--output=jsonpath={.metadata.uid}",
    );
    await setSecret("secrets.model-key", next);
    await setSecret(`gatewayTokens.${canary}`, "token-1-of-the-canary");
    await setSecret(`gatewayTokens.${second}`, "token-1-of-the-second");
    const up = await on.world.up();
    expect(up.code, up.output).toBe(0);
    expect(await keys()).toEqual([next, old]);
    expect([await tokenOf(canary), await tokenOf(second)]).toEqual(["token-1-of-the-canary", token]);
    expect(await on.kubectl("get", "secret", `${second}-secrets`, "--output=jsonpath={.metadata.uid}")).toBe(
      stored,
    );

    const before = await on.identity(second);
    await on.kubectl("delete", "pod", `${second}-0`);
    await on.kubectl("wait", "pod", `${second}-0`, "--for=condition=Ready", "--timeout=300s");
    expect(await goneOf(second, before)).toBe(true);
    expect(await keys()).toEqual([next, old]);
    // It is asked with the token that it has.
    const again = await on.world.up();
    expect(again.code, again.output).toBe(0);
    expect(again.output).toMatch(unchanged);
  });

  it("keep their values where the deployer is killed while they are stopped", async () => {
    await setSecret("secrets.model-key", "a-key-that-is-given-up");
    const update = on.world.startUp();
    await until("it is stopped", async () => (await on.replicasOf(canary)) === "0", 600);
    const held = await on.kubectl(
      "get",
      "secret",
      `${canary}-secrets`,
      "--output=jsonpath={.data.model-key}",
    );
    expect(Buffer.from(held, "base64").toString()).toBe(next);
    process.kill(-update.pid, "SIGKILL");
    await update.ended;
    await setSecret("secrets.model-key", next);
    const recover = await on.world.fleet("recover");
    expect(recover.code, recover.output).toBe(0);
    expect(await keys()).toEqual([next, old]);
  });

  it("reach a rehearsal that names them and a migration, and stand in no pod", async () => {
    const seen = join(on.world.folder, "pods.json");
    const watch = await on.watchTo(seen, "pods");
    const needsKey = `test "$MODEL_API_KEY" = ${next} && test -n "$OPENCLAW_GATEWAY_TOKEN"`;
    await on.world.configure({
      images: {
        stable: images.fixture[1],
        candidate: images.fixture[2],
        migrate: [{ command: ["sh", "-c", needsKey], deadline: "5m" }],
      },
    });
    const up = await on.world.up();
    await watch.end();
    expect(up.code, up.output).toBe(0);
    expect(await on.imageOf(canary)).toBe(images.fixture[2]);
    const kinds = (await on.world.records(canary)).map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(["rehearsal", "migration"]));
    const pods = await readFile(seen, "utf8");
    expect(pods).toContain("clawforce-migration-");
    for (const value of [`"${next}"`, "token-1-of-the-canary"]) expect(pods).not.toContain(value);
    expect(await on.kubectl("get", "secrets,pods", "--selector=clawforce.io/one-shot", "--output=name")).toBe(
      "",
    );
  });

  it("say what to do where somebody has deleted a gateway's StatefulSet, and it comes back on its state", async () => {
    await on.kubectl("exec", `${second}-0`, "--", "sh", "-c", "echo kept > /home/node/.openclaw/kept");
    await on.kubectl("delete", "statefulset", second);
    const refused = await on.world.up();
    expect(refused.code, refused.output).not.toBe(0);
    expect(refused.output).toContain(
      `the StatefulSet ${second} is gone: somebody has deleted it. Run \`pulumi up --refresh\``,
    );
    const back = await on.world.up("--refresh");
    expect(back.code, back.output).toBe(0);
    expect((await on.kubectl("exec", `${second}-0`, "--", "cat", "/home/node/.openclaw/kept")).trim()).toBe(
      "kept",
    );
    expect(await keys()).toEqual([next, old]);
  });
});
