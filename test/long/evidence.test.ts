import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Envelope } from "../../lifecycle/evidence/envelope.ts";
import { EvidenceKeys } from "../../lifecycle/evidence/keys.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";
import type { JudgedGroup, JudgedWorkload } from "../../lifecycle/update/evidence-facts.ts";
import { dockerCommand } from "../support/docker-command.ts";
import type { Run } from "../support/outcome.ts";
import { type VerifiedLine, verifiedEnvelope, verifiedLines } from "../support/verified-lines.ts";
import { partsOfThisRun, World } from "../support/world.ts";

const checks: object[] = [
  { kind: "version", argv: ["fixture", "--version"] },
  { kind: "http", path: "/readyz", body: { ready: true }, deadline: "7s" },
];

/** What a judge gets: outputs of components, by their names. */
type Facts = Record<string, JudgedWorkload & JudgedGroup>;

interface EngineEvent {
  resOutputsEvent?: {
    metadata: { urn: string; new?: { outputs?: { judged?: JudgedWorkload & JudgedGroup } } };
  };
}

describe("evidence", () => {
  const group = { bake: { length: "3s", interval: "1s" }, verification: checks };
  const images = { old: "", new: "" };
  let world: World;
  let [canary, other] = ["", ""];
  let groupName = "";
  let publicKey: KeyObject;

  beforeAll(async () => {
    const { fixture } = (await partsOfThisRun()).images;
    [images.old, images.new] = [fixture[1], fixture[2]];
    world = await World.create(
      { stable: images.old },
      {
        instances: 2,
        group,
        settings: ({ folder }) => ({
          evidence: { directory: join(folder, "evidence"), signingKey: join(folder, "key.pem") },
        }),
      },
    );
    [canary, other] = world.instances as [string, string];
    groupName = `${world.stack}-group`;
    const pair = generateKeyPairSync("ed25519");
    publicKey = pair.publicKey;
    await writeFile(join(world.folder, "key.pem"), pair.privateKey.export({ type: "pkcs8", format: "pem" }), {
      mode: 0o600,
    });
    await up();
  });
  afterAll(() => world.destroy());

  const logFile = (name: string) => join(world.folder, "evidence", world.stack, name, "records.jsonl");
  const lines = (name: string) => readFile(logFile(name), "utf8");
  const verified = async (name: string) => verifiedLines(await lines(name), publicKey);
  const identities = () => Promise.all([world.identity(canary), world.identity(other)]);

  async function up(...flags: string[]): Promise<Run> {
    const run = await world.up(...flags);
    expect(run.code, run.output).toBe(0);
    return run;
  }

  /** What a preview registers for a judge; a fact that was not known yet would be missing here. */
  async function preview(): Promise<{ facts: Facts; output: string }> {
    const file = join(world.folder, "events.json");
    const { code, output } = await world.preview("--event-log", file);
    expect(code, output).toBe(0);
    const events = (await readFile(file, "utf8")).trimEnd().split("\n");
    const facts: Facts = {};
    for (const { resOutputsEvent } of events.map((line) => JSON.parse(line) as EngineEvent)) {
      const { urn = "", new: now } = resOutputsEvent?.metadata ?? {};
      if (now?.outputs?.judged !== undefined) facts[urn.split("::").at(-1) ?? ""] = now.outputs.judged;
    }
    return { facts, output };
  }

  /** As the judge reads them: kind, outcome and image of each, all signed. */
  function proofs(envelopes: readonly Envelope[] | undefined): string[] {
    return (envelopes ?? []).map((envelope) => {
      const { subject, predicate } = verifiedEnvelope(envelope, publicKey);
      const image = subject[0]?.digest.sha256 === digestOf(images.old) ? "old" : "new";
      const { kind, outcome, direction, role } = predicate;
      return [
        kind,
        outcome ?? direction ?? role ?? (kind === "state" ? "read" : "of a snapshot"),
        image,
      ].join(" ");
    });
  }

  const verdict = async () => (await preview()).facts[groupName]?.canary;

  /** Makes the verification another one: it runs again, on the container that is there. */
  async function editChecks(name: string): Promise<void> {
    group.verification = [...checks, { kind: "command", name, argv: ["fixture", "--version"] }];
    await world.configure();
  }

  it("tells a judge at preview what runs, what is to run and what is proved, and none of it is an operation", async () => {
    const resting = await preview();
    expect(resting.facts[canary]).toMatchObject({
      ...{ track: "runtime", role: "canary", group: groupName, wave: 0 },
      ...{ image: images.old, from: images.old, previous: "", move: "none" },
      container: (await world.inspect(canary)).Id,
    });
    expect(resting.facts[groupName]).toMatchObject({
      ...{ candidate: "", stable: images.old, previous: "" },
      canary: { state: "none", sentence: "" },
      bake: { length: 3, requests: 0 },
    });
    expect(resting.output).not.toContain("evidence");

    await world.configure({ images: { stable: images.old, candidate: images.new } });
    const before = await preview();
    expect(before.facts[canary]).toMatchObject({ image: images.new, from: images.old, move: "forward" });
    expect(proofs(before.facts[canary]?.evidence)).toEqual([
      "gate passed old",
      "state read old",
      "verification passed old",
    ]);
    expect(before.facts[other]).toMatchObject({
      ...{ role: "fleet", wave: 1, image: images.old, from: images.old, move: "none" },
    });
    const missing = `${canary} does not run this image: it runs ${images.old}.`;
    expect(before.facts[groupName]).toMatchObject({
      ...{ candidate: images.new, stable: images.old, canary: { state: "missing", sentence: missing } },
    });
    expect(before.output).toContain(missing);

    await up();
    // In the state are the facts of the run itself; those of the next one differ, and no resource does.
    expect((await exported())[canary]).toMatchObject({ from: images.old, move: "forward" });
    const again = await up("--expect-no-changes");
    expect(again.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
    expect(again.output).not.toContain("evidence");
    expect((await exported())[canary]).toMatchObject({ from: images.new, move: "none" });

    const after = await preview();
    expect(after.facts[canary]).toMatchObject({ from: images.new, previous: images.old, move: "none" });
    // With the release that the configuration names, and its snapshots: what can be gone back to.
    expect(proofs(after.facts[canary]?.evidence)).toEqual([
      "gate passed old",
      "state read old",
      "verification passed old",
      "snapshot hot old",
      "drill of a snapshot old",
      "snapshot cold old",
      "cut-over forward new",
      "gate passed new",
      "state read new",
      "verification passed new",
      "bake passed new",
    ]);
    expect(after.facts[groupName]).toMatchObject({ stable: images.old, canary: { state: "passed" } });
    expect(after.output).toMatch(new RegExp(`${groupName}: .*: ${canary} has passed at `));
  });

  it("is signed line by line, each with the digest that it speaks of, as anyone with the public key can tell", async () => {
    for (const name of [canary, other]) {
      for (const line of await verified(name)) expectSubject(line);
    }
    expect(new Set((await verified(canary)).map(({ predicate }) => predicate.kind))).toEqual(
      new Set([
        "begun",
        "settings",
        "serving",
        "gate",
        "state",
        "verification",
        "baseline",
        "snapshot",
        "drill",
        "cut-over",
        "bake",
      ]),
    );
  });

  it("outlives a canary that is recreated, and counts for the new container once that has passed itself", async () => {
    const before = await lines(canary);
    await dockerCommand("rm", "--force", canary);
    expect(await verdict()).toEqual({
      state: "missing",
      sentence: `${canary} has no container: nothing proves the image.`,
    });
    await world.breakAt(canary, "verification");
    const run = world.startUp("--refresh");
    await world.reached(canary, "verification");
    expect(await verdict()).toEqual({
      state: "missing",
      sentence: `${canary} has no verification on record of the container that runs now: run \`pulumi up\`.`,
    });
    await world.release(canary, "verification");
    const { code, output } = await run.ended;
    expect(code, output).toBe(0);
    expect(await verdict()).toMatchObject({ state: "passed" });
    const after = await lines(canary);
    expect(after.startsWith(before)).toBe(true);
    expect(verifiedLines(after, publicKey).slice(before.trimEnd().split("\n").length)).toMatchObject(
      ["gate", "verification", "bake"].map((kind) => ({ predicate: { kind, outcome: "passed" } })),
    );
  });

  it("by checks that were edited does not count until they have passed themselves, on the same containers", async () => {
    const before = await identities();
    await editChecks("once more");
    expect(await verdict()).toEqual({
      state: "missing",
      sentence:
        `${canary} was verified by other checks than the configuration has now, or nobody has signed the record: ` +
        "`pulumi up` verifies it again.",
    });
    const { output } = await up();
    expect(output).toContain("✓ once more");
    expect(await verdict()).toMatchObject({ state: "passed" });
    expect(await identities()).toEqual(before);
  });

  it("is not changed by a refresh, nor is what it proves", async () => {
    const [before, facts] = [await Promise.all([canary, other].map(lines)), (await preview()).facts];
    const flags = ["--yes", "--non-interactive", "--stack", world.stack, "--config-file", world.configFile];
    const { code, output } = await world.pulumi(["refresh", ...flags]);
    expect(code, output).toBe(0);
    expect(await Promise.all([canary, other].map(lines))).toEqual(before);
    expect((await preview()).facts).toEqual(facts);
    await up("--expect-no-changes");
  });

  it("is revoked by a later failure, until it has passed again", async () => {
    const before = await identities();
    await world.setSwitch(canary, "not-ready");
    await editChecks("and again");
    const failed = await world.up();
    expect(failed.code).not.toBe(0);
    const { facts, output } = await preview();
    const { state, sentence = "" } = facts[groupName]?.canary ?? {};
    expect(state).toBe("failed");
    expect(sentence).toMatch(new RegExp(`^${canary} did not pass: its verification was failed at 20`));
    expect(output).toContain(sentence);
    expect(proofs(facts[canary]?.evidence).at(-1)).toBe("verification failed new");
    await world.removeSwitch(canary, "not-ready");
    await up();
    expect(await verdict()).toMatchObject({ state: "passed" });
    expect(await identities()).toEqual(before);
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    [
      "whose last line was changed",
      async () => {
        const [last = "", ...others] = (await lines(canary)).trimEnd().split("\n").toReversed();
        const envelope = JSON.parse(last) as Envelope;
        const statement = Buffer.from(envelope.payload, "base64").toString();
        const payload = Buffer.from(statement.replace(/"rounds":\d+/, '"rounds":9')).toString("base64");
        expect(payload).not.toBe(envelope.payload);
        return `${[...others.toReversed(), JSON.stringify({ ...envelope, payload })].join("\n")}\n`;
      },
      /records\.jsonl:\d+: the line has a signature that does not belong to it: it was changed\. It stays as it is\. Put the file back/,
    ],
    [
      "with a line that another key has signed",
      async () => {
        const key = join(world.folder, "other.pem");
        const { privateKey } = generateKeyPairSync("ed25519");
        await writeFile(key, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
        const keys = new EvidenceKeys({ signingKey: key, trustedKeys: [] });
        const log = new EvidenceLog(join(world.folder, "evidence"), world.stack, canary, keys);
        const { sequence, time, previous, ...verification } = (await log.read()).findLast(
          ({ kind }) => kind === "verification",
        ) as Awaited<ReturnType<EvidenceLog["append"]>>;
        await log.append(verification);
        return lines(canary);
      },
      /records\.jsonl:\d+: the line follows signed ones and is not signed by a key that counts: it was put in/,
    ],
    [
      "that is another workload's",
      () => lines(other),
      /records\.jsonl:1: the line is a record of \S+-2 in the stack \S+\. It stays as it is\. Put the file back/,
    ],
  ])(
    "of a log %s proves nothing, and an update touches nothing of its workload",
    async (_, damaged, said) => {
      const [before, whole] = [await identities(), await lines(canary)];
      await writeFile(logFile(canary), await damaged());
      const runs = [await world.preview(), await world.up()];
      for (const { code, output } of runs) {
        expect(code, output).toBe(0);
        expect(output).toMatch(said);
      }
      const { state, sentence = "" } = (await verdict()) ?? {};
      expect([state, sentence]).toEqual([
        "missing",
        expect.stringMatching(said.source.split("\\. It stays")[0] ?? ""),
      ]);
      expect(await identities()).toEqual(before);
      await writeFile(logFile(canary), whole);
      expect(await verdict()).toMatchObject({ state: "passed" });
    },
  );

  it("of fleet recover and of the way back is signed like that of an update", async () => {
    await dockerCommand("stop", canary);
    const recovered = await world.fleet("recover");
    expect(recovered.code, recovered.output).toBe(0);
    expect((await verified(canary)).at(-1)?.predicate).toMatchObject({ kind: "serving", workload: canary });

    await world.configure({ images: { stable: images.old } });
    const { facts } = await preview();
    expect(facts[canary]).toMatchObject({ image: images.old, from: images.new, move: "back" });
    await up();
    const all = await verified(canary);
    for (const line of all) expectSubject(line);
    expect(all.map(({ predicate }) => predicate.kind)).toEqual(expect.arrayContaining(["restore"]));
    const after = (await preview()).facts;
    expect(after[canary]).toMatchObject({ from: images.old, previous: "", move: "none" });
    expect(after[groupName]).toMatchObject({ stable: images.old, previous: "", candidate: "" });
  });

  it("warns in the preview of a stable release that it was gone back from", async () => {
    await world.configure({ images: { stable: images.new, previous: images.old } });
    const { output } = await preview();
    expect(output).toMatch(
      /agentImages\.agent\.stable names fixture:2@\w+: no workload has passed on it, or each has gone back from it\./,
    );
    expect(output).not.toContain("clawforce:agentImages.agent.previous names ");
  });

  function digestOf(image: string): string {
    return image.slice(image.lastIndexOf("@sha256:") + "@sha256:".length);
  }

  /** The image that a record speaks of is what its statement is about; where it speaks of none, the records before it. */
  function expectSubject({ subject, predicate }: VerifiedLine): void {
    const { kind, to, image, previous } = predicate;
    const spoken = kind === "cut-over" ? to : image;
    expect(subject.map(({ digest }) => digest.sha256)).toEqual([
      spoken === undefined ? previous : digestOf(String(spoken)),
    ]);
  }

  /** The facts as they stand in the engine's state. */
  async function exported(): Promise<Facts> {
    const { code, output } = await world.pulumi(["stack", "export", "--stack", world.stack]);
    expect(code, output).toBe(0);
    const { deployment } = JSON.parse(output) as {
      deployment: {
        resources: { urn: string; outputs?: { judged?: JudgedWorkload & JudgedGroup } }[];
      };
    };
    return Object.fromEntries(
      deployment.resources.flatMap(({ urn, outputs }) =>
        outputs?.judged === undefined ? [] : [[urn.split("::").at(-1) ?? "", outputs.judged]],
      ),
    );
  }
});
