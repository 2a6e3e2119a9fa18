import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerCommand } from "../support/docker-command.ts";
import {
  ForeignProgram,
  type PackConfig,
  policed,
  printedPolicies,
  refusalsBy,
  rulesThatRefuse,
} from "../support/policy-preview.ts";
import { partsOfThisRun } from "../support/world.ts";

/** A program that a rule refuses, and its twin, which differs in that alone. */
interface Pair {
  rule: string;
  config?: PackConfig;
  refused: string[];
  /** Whole messages, in their order. */
  messages: string[];
  passes: string[];
}

const digest = `sha256:${"a".repeat(64)}`;
const pinned = `ghcr.io/acme/web:1.2.3@${digest}`;
const inspect = "(or run: docker buildx imagetools inspect ghcr.io/acme/web)";
const wanted = "ghcr.io/acme/web:<version>@sha256:<64 hex digits>";

const container = (name: string, args: string, opts = "host") =>
  `new docker.Container("${name}", { name: "${name}", ${args} }, ${opts});\n`;

const mount = '{ volumeName: "web-data", containerPath: "/data" }';
const read = 'volumeName: "web-data", containerPath: "/data", readOnly: true';
const graceful = "destroyGraceSeconds: 30, stopTimeout: 30";
const careful = "{ ...host, deleteBeforeReplace: true }";
/** Only read: that it is a state too is another rule's. */
const bound = (device: string) =>
  `{ type: "volume", source: "v1", target: "/x", readOnly: true, volumeOptions: { driverName: "local", driverOptions: { type: "none", o: "bind", device: "${device}" } } }`;
const layered = (folders: string) =>
  `new docker.Volume("layers", { name: "layers", driver: "local", driverOpts: { type: "overlay", device: "overlay", o: "lowerdir=${folders}" } }, { ...host, protect: true, ignoreChanges: ["labels", "driverOpts"] });\n`;
const tasks = (device: string) =>
  `new docker.Service("tasks", { name: "tasks", taskSpec: { containerSpec: { image: "${pinned}", mounts: [${bound(device)}] } } }, host);\n`;
const root =
  "Why: whoever talks to the engine is root on its host, and on every instance there. Write: no such mount; the control plane's container alone has the socket.";
/** That a state which is no workload's gets no snapshot is another rule's. */
const stateIsMeant = { "snapshot-before-change": { levels: { foreignState: "disabled" } } };

const pairs: Pair[] = [
  {
    rule: "no-mutable-image",
    // Of a tag alone this one speaks too.
    config: { "digest-pinned": "disabled" },
    refused: [
      container("moves", `image: "ghcr.io/acme/web:latest"`),
      container("frozen", `image: "${pinned}"`, `{ ...host, ignoreChanges: ["image"] }`),
    ],
    messages: [
      '[no-mutable-image] frozen image: the image is under ignoreChanges ("image"). Why: then something else runs than the program says, and no review sees it. Write: ignoreChanges without this path.',
      `[no-mutable-image] moves image: image "ghcr.io/acme/web:latest" has the tag "latest". Why: it changes without a review. Write: ${wanted} ${inspect}.`,
    ],
    passes: [
      container("moves", `image: "${pinned}"`),
      container("frozen", `image: "${pinned}"`, `{ ...host, ignoreChanges: ["labels"] }`),
    ],
  },
  {
    rule: "digest-pinned",
    // Of an unknown image this one speaks too.
    config: { "no-mutable-image": { levels: { unknown: "disabled" } } },
    refused: [
      container("tagged", `image: "ghcr.io/acme/web:1.2.3"`),
      `const made = new docker.RemoteImage("made", { name: "${pinned}" }, host);\n`,
      container("unknown", "image: made.repoDigest"),
    ],
    messages: [
      '[digest-pinned] tagged image: image "ghcr.io/acme/web:1.2.3" has no digest. Why: the registry can give other bytes for the same tag. Write: ghcr.io/acme/web:1.2.3@sha256:<64 hex digits> (or run: docker buildx imagetools inspect ghcr.io/acme/web:1.2.3).',
      "[digest-pinned] unknown image: the image is not known at preview. Why: nobody can review what is not known. Write: the reference as literal text, with its digest, not the output of another resource.",
    ],
    passes: [
      container("tagged", `image: "${pinned}"`),
      `const made = new docker.RemoteImage("made", { name: "${pinned}" }, host);\n`,
      container("unknown", `image: "${pinned}"`, "{ ...host, dependsOn: [made] }"),
    ],
  },
  {
    rule: "snapshot-before-change",
    refused: [container("keeps", `image: "${pinned}", ${graceful}, volumes: [${mount}]`, careful)],
    messages: [
      '[snapshot-before-change] keeps volumes[0]: it keeps state in volume "web-data" and is no workload of the fleet. Why: nothing copies that state before a change, so there would be no way back. Write: an instance of a group of the fleet instead, or an exemption with a reason.',
    ],
    passes: [container("keeps", `image: "${pinned}", ${graceful}, volumes: [{ ${read} }]`, careful)],
  },
  {
    rule: "single-writer",
    config: stateIsMeant,
    refused: [
      container("one", `image: "${pinned}", ${graceful}, volumes: [${mount}]`, careful),
      container("two", `image: "${pinned}", ${graceful}, volumes: [${mount}]`, careful),
    ],
    messages: [
      '[single-writer] one volumes[0]: "one" writes volume "web-data", and so does "two". Why: no lock stops two gateways on one state, and they corrupt it. Write: a state of its own for each, and readOnly: true where one only reads.',
      '[single-writer] two volumes[0]: "two" writes volume "web-data", and so does "one". Why: no lock stops two gateways on one state, and they corrupt it. Write: a state of its own for each, and readOnly: true where one only reads.',
    ],
    passes: [
      container("one", `image: "${pinned}", ${graceful}, volumes: [${mount}]`, careful),
      container("two", `image: "${pinned}", ${graceful}, volumes: [{ ${read} }]`, careful),
    ],
  },
  {
    rule: "drain-budget",
    config: stateIsMeant,
    refused: [container("killed", `image: "${pinned}", volumes: [${mount}]`, careful)],
    messages: [
      "[drain-budget] killed destroyGraceSeconds: it keeps state, but is killed at once when it has to stop. Why: what it has not written by then is lost, and a database may be damaged. Write: destroyGraceSeconds: 30.",
    ],
    passes: [container("killed", `image: "${pinned}", ${graceful}, volumes: [${mount}]`, careful)],
  },
  {
    rule: "state-protected",
    config: stateIsMeant,
    refused: [`new docker.Volume("data", { name: "web-data" }, host);\n`],
    messages: [
      '[state-protected] data opts.ignoreChanges: does not have "labels" and "driverOpts". Why: another label or option replaces the volume, that is, deletes its state. Write: ignoreChanges: ["labels", "driverOpts"].',
      "[state-protected] data opts.protect: is not true, and this is a volume. Why: one change or destroy deletes its state. Write: protect: true in its options.",
    ],
    passes: [
      'new docker.Volume("data", { name: "web-data" }, { ...host, protect: true, ignoreChanges: ["labels", "driverOpts"] });\n',
    ],
  },
  {
    rule: "least-privilege",
    refused: [
      container(
        "agent",
        `image: "${pinned}", envs: ["A=1", "A_TOKEN=hunter2"], ports: [{ internal: 80 }], volumes: [{ hostPath: "/var//run/docker.sock", containerPath: "/x" }]`,
      ),
      container("bound", `image: "${pinned}", mounts: [${bound("/var/run")}]`),
      layered("/etc:/var/run"),
      tasks("/var/run"),
    ],
    messages: [
      `[least-privilege] agent envs[1]: "A_TOKEN" has its secret in plain (not shown here). Why: it stands unencrypted where many can read it, and stays there. Write: a secret of the stack's configuration: pulumi config set --secret, and requireSecret.`,
      // The address is the provider's default.
      `[least-privilege] agent ports[0].ip: the port is published on all addresses of the host ("0.0.0.0"). Why: what the ingress does not see can't be held while an update cuts over, and anyone reaches it. Write: the ip "127.0.0.1", or no port: the ingress reaches the container by its network.`,
      `[least-privilege] agent volumes[0].hostPath: the mount of "/var//run/docker.sock" is the socket of a container engine. ${root}`,
      `[least-privilege] bound mounts[0].volumeOptions.driverOptions.device: the mount of "/var/run" holds the socket of a container engine. ${root}`,
      `[least-privilege] layers driverOpts.o: the mount of "/var/run" holds the socket of a container engine. ${root}`,
      `[least-privilege] tasks taskSpec.containerSpec.mounts[0].volumeOptions.driverOptions.device: the mount of "/var/run" holds the socket of a container engine. ${root}`,
    ],
    passes: [
      container(
        "agent",
        `image: "${pinned}", envs: ["A=1", pulumi.secret("A_TOKEN=hunter2")], ports: [{ internal: 80, ip: "127.0.0.1" }]`,
      ),
      container("bound", `image: "${pinned}", mounts: [${bound("/srv/acme/web")}]`),
      layered("/srv/acme/base:/srv/acme/more"),
      tasks("/srv/acme/web"),
    ],
  },
];

describe("a program that is not ours, judged by the pack on the real engine", () => {
  let program: ForeignProgram;

  beforeAll(async () => {
    program = await ForeignProgram.create();
  });
  afterAll(() => program.destroy());

  it.each(pairs)("$rule refuses a program with exit code 1, and passes its twin", async (pair) => {
    const { rule, config } = pair;
    const refused = await program.judged(pair.refused.join(""), config);
    expect(refusalsBy(rule, refused), refused.output).toEqual(pair.messages);
    expect(rulesThatRefuse(refused)).toEqual([rule]);
    expect(refused.code).toBe(1);
    const passes = await program.judged(pair.passes.join(""), config);
    expect(rulesThatRefuse(passes), passes.output).toEqual([]);
    expect(passes.violations.filter((violation) => violation.rule === rule)).toEqual([]);
    expect(passes.code, passes.output).toBe(0);
  });

  it("prints every refusal of one run, with rule, severity and remedy, in the same order each time", async () => {
    const body = ["b", "a"]
      .map((name) => `new docker.Container("${name}", { name: "${name}", image: "ghcr.io/acme/web" }, host);`)
      .join("\n");
    const [first, second] = [await program.judged(body), await program.judged(body)];
    const tag = `has no tag. Why: that means latest, which changes without a review. Write: ${wanted} ${inspect}.`;
    const bytes = `has no digest. Why: the registry can give other bytes for the same tag. Write: ${wanted} ${inspect}.`;
    const lines = (severity: string, rule: string, description: string, told: string) =>
      ["a", "b"].flatMap((name) => [
        `        - [mandatory] [severity: ${severity}]  ${rule}  (docker:index:Container: ${name})`,
        `          ${description}`,
        `          [${rule}] ${name} image: image "ghcr.io/acme/web" ${told}`,
      ]);
    expect(printedPolicies(first).split("\n").slice(1)).toEqual([
      expect.stringMatching(/^ {4}❌ clawforce-fleet@v\d+\.\d+\.\d+ \(local: .*policies\)$/),
      ...lines(
        "critical",
        "digest-pinned",
        "Every image is named by the digest of the bytes that were reviewed",
        bytes,
      ),
      ...lines(
        "high",
        "no-mutable-image",
        "What runs is changed by a review, never by a tag that moves",
        tag,
      ),
    ]);
    expect(printedPolicies(second)).toBe(printedPolicies(first));
    expect([first.code, second.code]).toEqual([1, 1]);
  });

  it("takes levels, settings and exemptions from the file of --policy-pack-config", async () => {
    const body = container("web", `image: "ghcr.io/acme/web:1.2.3"`);
    const warned = await program.judged(body, { "digest-pinned": "advisory" });
    expect(warned.violations).toMatchObject([{ rule: "digest-pinned", level: "advisory", resource: "web" }]);
    expect(warned.code, warned.output).toBe(0);

    const exemption = { repository: "ghcr.io/acme/web", reason: "a test", expires: "2999-12-31" };
    const exempt = await program.judged(body, { "digest-pinned": { exemptions: [exemption] } });
    expect(exempt.violations).toEqual([]);
    expect(exempt.code, exempt.output).toBe(0);

    const strict = await program.judged(container("web", `image: "${pinned}"`), {
      "no-mutable-image": { registries: ["docker.io"] },
    });
    expect(refusalsBy("no-mutable-image", strict)).toEqual([
      `[no-mutable-image] web image: image "${pinned}" has the registry "ghcr.io", which is not allowed. Why: only images from known registries have been looked at. Write: an image of docker.io.`,
    ]);
    expect(strict.code).not.toBe(0);
  });

  it("says at each run which rules its configuration switches off, and loudly that it switches off all", async () => {
    const body = container("web", `image: "ghcr.io/acme/web:latest"`);
    const off = await program.judged(body, { all: "disabled" });
    expect(off.output).toContain(
      "NOTHING IS JUDGED: the configuration of the policy pack switches every rule off.",
    );
    expect(off.violations).toEqual([]);
    expect(off.code, off.output).toBe(0);
    const most = await program.judged(body, { all: "disabled", "digest-pinned": "advisory" });
    expect(most.output).toMatch(
      /The configuration of the policy pack switches off: no-mutable-image, canary-/,
    );
    expect(most.violations).toMatchObject([{ rule: "digest-pinned", level: "advisory" }]);
    const none = await program.judged(body, { "digest-pinned": "advisory" });
    expect(none.output).not.toContain("switches");
  });

  it("does not start with a setting that a rule does not have, and a misspelt rule stays as strict as it is", async () => {
    const body = container("web", `image: "ghcr.io/acme/web:1.2.3"`);
    const setting = await program.judged(body, { "no-mutable-image": { levels: { latset: "advisory" } } });
    expect(setting.output).toContain("latset");
    expect(setting.code).toBe(1);
    const rule = await program.judged(body, { "digest-pined": "disabled" });
    expect(rulesThatRefuse(rule)).toEqual(["digest-pinned"]);
    expect(rule.code).toBe(1);
  });

  it("an update that skips its preview makes what is right and not what is refused, and one with it makes nothing", async () => {
    const { fixture } = (await partsOfThisRun()).images;
    const unpinned = fixture[1].slice(0, fixture[1].indexOf("@"));
    const name = `${program.name}-web`;
    await program.write(
      `const net = new docker.Network("net", { name: "${name}" }, host);\n` +
        `new docker.Container("web", { name: "${name}", image: "${unpinned}" }, { ...host, dependsOn: [net] });\n`,
    );
    const there = async () => ({
      networks: (
        await dockerCommand("network", "ls", "--format", "{{.Name}}", "--filter", `name=${name}`)
      ).trim(),
      containers: (await dockerCommand("ps", "--all", "--quiet", "--filter", `name=${name}`)).trim(),
    });
    const refusal = [expect.stringMatching(/^\[digest-pinned\] web image: .* has no digest\./)];

    const stopped = await policed(program, "up");
    expect(refusalsBy("digest-pinned", stopped), stopped.output).toEqual(refusal);
    expect(stopped.code).not.toBe(0);
    expect(await there()).toEqual({ networks: "", containers: "" });

    const unseen = await policed(program, "up", { flags: ["--skip-preview"] });
    expect(refusalsBy("digest-pinned", unseen), unseen.output).toEqual(refusal);
    expect(unseen.code).not.toBe(0);
    expect(await there()).toEqual({ networks: name, containers: "" });
  });
});
