import { describe, expect, test } from "vitest";
import { SecretMark } from "../../config/secret-mark.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { digest, rawConfig, refusal, type Wrong, whole } from "./config-fixture.ts";

const image = `clawforceone/clawforce:1.4.2@${digest("1")}`;
const older = `clawforceone/clawforce:1.4.1@${digest("2")}`;
const proxy = `registry.example.com/kamal-proxy:0.9.2@${digest("3")}`;
const plane = { image };
const group = "instanceGroups.support";

const wrong: Wrong[] = [
  [
    "an environment that is none",
    { environment: "prod" },
    'environment: "prod" is not known here. Write "production" or "staging".',
  ],
  [
    "both tracks in one window",
    { window: "both" },
    'window: "both" is not known here. Write "control-plane", "runtime" or "none".',
  ],
  [
    "a window of a control plane that is not there",
    { window: "control-plane" },
    "window: the window is the control plane's, but there is none. Write runtime or none, or add clawforce:controlPlane.",
  ],
  [
    "production without a change record and without signatures",
    { environment: "production" },
    "change: production demands a change record. Write its `owner` (who decides on going back), its `ticket`, and `changelogReviewed: true` once the release notes and open issues are read.",
    "evidence.signingKey: production demands signed evidence. Make a key with `openssl genpkey -algorithm ed25519 -out KEY`, `chmod 600 KEY`, and write its path.",
  ],
  [
    "production with release notes that nobody has read",
    {
      environment: "production",
      "evidence.signingKey": "/etc/key.pem",
      change: { owner: "me", ticket: "CHG-1", changelogReviewed: false },
    },
    "change.changelogReviewed: the release notes are not reviewed. Read them, the open issues and the breaking changes, then write true.",
  ],
  [
    "a change without an owner",
    { change: { ticket: "CHG-1", changelogReviewed: true } },
    "change.owner: required, but not set. Write a text.",
  ],
  [
    "a maintenance length without a unit",
    { maintenance: { length: 60 } },
    'maintenance.length: 60 has no unit. Write "60s" for seconds, or use ms, m, h or d.',
  ],
  [
    "a gap that is no duration",
    { maintenance: { gapBetweenTracks: "a day" } },
    'maintenance.gapBetweenTracks: "a day" is no duration. Write whole numbers with d, h, m, s or ms, as in "1h30m".',
  ],
  [
    "an answer to failures that is none",
    { onFailure: "retry" },
    'onFailure: "retry" is not known here. Write "stop" or "rollback".',
  ],
  [
    "a control plane without image",
    { controlPlane: {} },
    "controlPlane.image: expected an image reference. Write <repository>:<tag>@sha256:<64 hex digits>.",
  ],
  [
    "a control plane on a mutable tag",
    { controlPlane: { image: "clawforceone/clawforce:latest" } },
    'controlPlane.image: "clawforceone/clawforce:latest" has the tag "latest", which says no version. Write the tag of the version that the digest belongs to.',
  ],
  [
    "a control plane whose previous release is the one that runs",
    { controlPlane: { image, previous: image } },
    "controlPlane.previous: clawforce:1.4.2@111111111111 is the same image as `image`: there would be nothing to go back to. Write the release before, or remove `previous`.",
  ],
  [
    "a control plane with its data in two places",
    { controlPlane: { image, data: { volume: "a", directory: "/b" } } },
    "controlPlane.data: expected exactly one of `volume` and `directory`. Write where it is on the Docker host: a volume's name or a path.",
  ],
  [
    "backups that are nowhere",
    { controlPlane: { image, backups: { path: "/backups" } } },
    "controlPlane.backups: expected exactly one of `volume` and `directory`. Write where it is on the Docker host: a volume's name or a path.",
  ],
  [
    "a default agent image that is not there",
    { controlPlane: { image, defaultAgentImage: "chromum" } },
    'controlPlane.defaultAgentImage: no agent image is called "chromum". Add it under clawforce:agentImages, or did you mean "chromium"?',
  ],
  [
    "a control plane on the state of a gateway",
    { controlPlane: { image, data: { volume: "canary-state" } } },
    'controlPlane.data: its state "canary-state" is or overlaps the state "canary-state" of "canary", and two gateways on one state destroy it. Give each its own.',
  ],
  [
    "backups of the control plane among the snapshots",
    { controlPlane: { image, backups: { directory: "/var/lib/clawforce/snapshots/backups" } } },
    'controlPlane.backups: its state "/var/lib/clawforce/snapshots/backups" overlaps clawforce:snapshots.repositories "/var/lib/clawforce/snapshots", and a restore would wipe the snapshots. Keep them apart.',
  ],
  [
    "a control plane with the name of a gateway",
    { controlPlane: { image, name: "canary" } },
    'controlPlane: the name "canary" is taken by clawforce:instanceGroups.support.instances[0]. Write another name.',
  ],
  [
    "a control plane whose database is on a server",
    { controlPlane: { image, container: { environment: { CLAWORC_DATABASE: "postgres://db/claworc" } } } },
    "controlPlane.container.environment.CLAWORC_DATABASE: CLAWORC_DATABASE names a database on a server. Snapshots of its data would be without it, so going back would not take it back. Update this control plane by hand, with a backup of that database. Or let it have its SQLite database.",
  ],
  [
    "the password of the control plane in plain text",
    {
      controlPlane: {
        image,
        account: { passwordVariable: "ADMIN_PASSWORD" },
        container: { environment: { ADMIN_PASSWORD: "hunter2" } },
      },
    },
    "controlPlane.container.environment.ADMIN_PASSWORD: the account's password stands here in plain text. Remove it and run `pulumi config set --secret clawforce:controlPlanePassword`, with a new password.",
  ],
  [
    "a check of gateways at the control plane",
    { controlPlane: { image, verification: [{ kind: "channels" }] } },
    'controlPlane.verification[0].kind: a control plane has no check "channels". Move it to an instance group, or remove it.',
  ],
  [
    "a check of the control plane at gateways",
    { controlPlane: plane, [`${group}.verification`]: [{ kind: "login" }] },
    `${group}.verification[0].kind: a gateway has no check "login". Move it to clawforce:controlPlane, or remove it.`,
  ],
  [
    "instances of a gateway that must not become fewer",
    { [`${group}.verification`]: [{ kind: "unchanged", what: ["instances"] }] },
    `${group}.verification[0].what[0]: a gateway has no instances. Write "sessions" or "channels" or "configuration".`,
  ],
  [
    "an unchanged nothing",
    { [`${group}.verification`]: [{ kind: "unchanged", what: [] }] },
    `${group}.verification[0].what: the list is empty. Write at least one entry.`,
  ],
  [
    "a model turn while requests are held",
    { [`${group}.gate`]: [{ kind: "conversation" }] },
    `${group}.gate[0].deadline: 1m 30s is too long: requests are held while the gate runs. Write 15s or less, or move the check to \`verification\`.`,
  ],
  [
    "a workflow without a program",
    { [`${group}.verification`]: [{ kind: "workflow", argv: [] }] },
    `${group}.verification[0].argv: there is no program to run. Write it and its arguments as a list, as in ["openclaw", "health"].`,
  ],
  [
    "managed instances without a control plane",
    { [`${group}.managed`]: true },
    `${group}.managed: there is no control plane that could manage these instances. Add clawforce:controlPlane, or remove \`managed\`.`,
  ],
  [
    "a managed instance with a volume of ours",
    {
      controlPlane: plane,
      [`${group}.managed`]: true,
      [`${group}.instances.1`]: { name: "bot-1", volume: "x" },
    },
    `${group}.instances[1].volume: the control plane decides this for an instance that it manages. Remove the key.`,
  ],
  [
    "a bake without a length",
    { [`${group}.bake`]: { requests: 10 } },
    `${group}.bake.length: expected a duration. Write it with its unit, as in "30s".`,
  ],
  [
    "a bake that is no duration",
    { [`${group}.bake`]: "long" },
    `${group}.bake: "long" is no duration. Write whole numbers with d, h, m, s or ms, as in "1h30m".`,
  ],
  [
    "an ingress without image",
    { ingress: {} },
    "ingress.image: expected an image reference. Write <repository>:<tag>@sha256:<64 hex digits>.",
  ],
  [
    "an ingress on an address that is none",
    { ingress: { image: proxy, publish: { address: "localhost" } } },
    'ingress.publish.address: "localhost" is no IP address. Write one of the Docker host, as in 127.0.0.1 or 0.0.0.0.',
  ],
  [
    "an ingress on the port of a gateway",
    {
      ingress: { image: proxy, publish: { port: 18789 } },
      [`${group}.instances.1`]: { name: "b", publish: 18789 },
    },
    'ingress.publish: port 18789 is published by "b" already. Write another port.',
  ],
  [
    "hosts without an ingress",
    { [`${group}.instances.1`]: { name: "b", hosts: ["b.example.com", "c.example.com"] } },
    `${group}.instances[1].hosts: nothing serves these names: there is no ingress. Add clawforce:ingress, or remove \`hosts\`.`,
  ],
  [
    "one host for two workloads",
    {
      ingress: { image: proxy },
      controlPlane: { image, hosts: ["b.example.com"] },
      [`${group}.instances.1`]: { name: "b", hosts: ["b.example.com"] },
    },
    'controlPlane.hosts[0]: the host "b.example.com" is that of "b" already. Write another host.',
  ],
  [
    "a host with a scheme",
    { ingress: { image: proxy }, [`${group}.instances.1`]: { name: "b", hosts: ["https://b.example.com"] } },
    `${group}.instances[1].hosts[0]: "https://b.example.com" is no host name. Write it in lower case and without scheme, port and path, as in agent.example.com.`,
  ],
  [
    "a trusted key that is none",
    { "evidence.trustedKeys": ["ssh-ed25519 AAAA"] },
    'evidence.trustedKeys[0]: "ssh-ed25519 AAAA" is no Ed25519 public key. Write what `openssl pkey -in KEY -pubout -outform DER | base64` prints.',
  ],
];

describe("refuses", () => {
  test.each(wrong)("%s", (_title, changes, ...lines) => {
    expect(refusal(changes)).toBe(whole(...lines));
  });

  test("a control plane whose password is not set", () => {
    const gatewayTokens = new SecretMark();
    const snapshotPassword = new SecretMark();
    expect(refusal({ controlPlane: plane, gatewayTokens, snapshotPassword }, true)).toBe(
      whole(
        "controlPlanePassword: the secret is not set. Run `pulumi config set --secret clawforce:controlPlanePassword`.",
      ),
    );
  });
});

describe("accepts", () => {
  test("a control plane with nothing but its image, with the documented defaults", () => {
    const { controlPlane } = parseStackConfig(rawConfig({ controlPlane: { image, previous: older } }));
    const { gate, verification, container, ...rest } = controlPlane ?? expect.fail("no control plane");
    expect(rest).toEqual({
      name: "clawforce",
      image,
      previous: older,
      data: { volume: "clawforce-data" },
      hosts: [],
      account: { username: "admin" },
      deadline: 30,
      drain: { budget: 60 },
      stopGrace: 30,
      setImage: "auto",
      database: "clawforce.db",
    });
    expect(container.dockerSocket).toBe("/var/run/docker.sock");
    expect(gate.map(({ kind }) => kind)).toEqual(["http"]);
    expect(verification.map(({ kind }) => kind)).toEqual(["http", "build", "login", "unchanged"]);
  });

  test("managed instances without tokens of ours", () => {
    const config = parseStackConfig(
      rawConfig({
        controlPlane: plane,
        [`${group}.managed`]: true,
        controlPlanePassword: new SecretMark(),
        snapshotPassword: new SecretMark(),
      }),
      { demandSecrets: true },
    );
    expect(config.instanceGroups.support?.managed).toBe(true);
  });

  test("a bake as its length alone", () => {
    const config = parseStackConfig(rawConfig({ [`${group}.bake`]: "30m" }));
    expect(config.instanceGroups.support?.bake).toEqual({
      ...{ length: 1800, interval: 30, requests: 0 },
      ...{ failures: 0, errors: 0.05 },
    });
  });

  test("an ingress that serves two workloads under their own names", () => {
    const config = parseStackConfig(
      rawConfig({
        ingress: { image: proxy },
        controlPlane: { image, hosts: ["claw.example.com"] },
        [`${group}.instances.1`]: { name: "b", hosts: ["b.example.com"] },
      }),
    );
    expect(config.ingress).toMatchObject({ name: "clawforce-ingress", hold: 300, drain: 10 });
  });
});
