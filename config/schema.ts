import { isIP } from "node:net";
import { z } from "zod";
import { type CheckInput, checkSchema } from "./check-schema.ts";
import { drain, gatewayContainer } from "./container-schema.ts";
import { controlPlane } from "./control-plane-schema.ts";
import {
  containerPath,
  environment,
  form,
  hosts,
  name,
  port,
  publicKey,
  snapshotId,
  volume,
} from "./fields.ts";
import { pinnedImage } from "./image-reference.ts";
import { bytes, seconds } from "./units.ts";

const instanceObject = z
  .strictObject({
    name,
    volume: volume.optional(),
    directory: containerPath.optional(),
    /** Published on 127.0.0.1 of the Docker host. */
    publish: port.optional(),
    /** Id of the snapshot that this instance's state is set back to; see docs/rollback.md. */
    restore: snapshotId.optional(),
    hosts: hosts.optional(),
  })
  .refine(
    (i) => !(i.volume && i.directory),
    "`volume` and `directory` are both given. Specify either `volume` or `directory`, not both",
  );

/** A name alone is an instance with the defaults. */
const instance = z.union(
  [
    name.transform((instanceName): z.output<typeof instanceObject> => ({ name: instanceName })),
    instanceObject,
  ],
  "expected an instance. Write its name, or a mapping with its `name`",
);

/** An instance count (`2`) or a share of the group (`25%`, rounded up). */
const wave = z.union(
  [z.int().min(1), z.string().regex(/^([1-9]\d?|100)%$/, form("wave", "Write a count (2) or a share (25%)"))],
  "expected a wave. Write a count (2) or a share (25%)",
);

/** Lines of a gateway's log that never stand for something well. */
export const defaultBadLines = [
  "Cannot find package",
  "Cannot find module",
  "failed to load plugin",
  "channel startup failed",
  "channel exited",
  "Gateway failed to start",
  "Invalid config",
];

const openclawGate: CheckInput[] = [
  { kind: "http", path: "/healthz", body: { ok: true, status: "live" } },
  { kind: "http", path: "/readyz", body: { ready: true } },
];

const openclawVerification: CheckInput[] = [
  { kind: "version", argv: ["openclaw", "--version"] },
  { kind: "http", path: "/readyz", body: { ready: true } },
  {
    kind: "command",
    name: "health",
    argv: ["openclaw", "health", "--json"],
    output: '"ok":\\s*true',
    deadline: "60s",
  },
  {
    kind: "command",
    name: "gateway rpc",
    argv: ["openclaw", "gateway", "status", "--json", "--require-rpc"],
    deadline: "60s",
  },
  { kind: "logs", appear: ["\\[gateway\\] ready"], absent: defaultBadLines },
];

/** Verification kept up for a time, once the last workload of a wave has passed. */
const bakeObject = z.strictObject({
  length: seconds,
  interval: seconds.default(30),
  /** How many requests must have come through the ingress meanwhile: silence proves nothing. */
  requests: z.int().min(0).default(0),
});

/** A duration alone is a bake of that length. */
const bake = z.union(
  [
    seconds.transform((length): z.output<typeof bakeObject> => ({ length, interval: 30, requests: 0 })),
    bakeObject,
  ],
  "expected a bake. Write its length (30m), or a mapping with `length`, `interval` and `requests`",
);

const instanceGroup = z.strictObject({
  agentImage: name,
  instances: z.array(instance).min(1),
  waves: z.array(wave).min(1).default([1, "100%"]),
  /** How far the candidate has come: index into `waves`. */
  wave: z.int().min(0).default(0),
  /** Its instances are made and kept by the running control plane: images move through its API. */
  managed: z.boolean().default(false),
  bake: bake.optional(),
  container: gatewayContainer.prefault({}),
  drain: drain.prefault({}),
  /** How long the gateway may take to end after SIGTERM before it is killed. */
  stopGrace: seconds.default(30),
  gate: z.array(checkSchema).min(1).prefault(openclawGate),
  verification: z.array(checkSchema).min(1).prefault(openclawVerification),
});

const keep = z.strictObject({
  last: z.int().min(1).default(5),
  daily: z.int().min(0).default(0),
  monthly: z.int().min(0).default(12),
});

const snapshots = z.strictObject({
  /** Folder on the Docker host with one restic repository per workload. */
  repositories: containerPath,
  /** Image with restic, sqlite3 and curl; `toolchain/images/snapshot-tools` builds it. */
  image: pinnedImage,
  keep: keep.prefault({}),
  /** Free space that must be left beside the state and in the repositories, after a copy of the state. */
  minimumFree: bytes.default(1_000_000_000),
  drill: z
    .strictObject({
      deadline: seconds.default(120),
      /** Memory of the machine that the drilled gateway needs on top of all that runs. */
      memory: bytes.default(700_000_000),
      environment: environment.default({ OPENCLAW_SKIP_CHANNELS: "1" }),
    })
    .prefault({}),
});

const agentImage = z.strictObject({
  stable: pinnedImage,
  candidate: pinnedImage.optional(),
  previous: pinnedImage.optional(),
});

const ingress = z.strictObject({
  /** Name of the proxy's container. */
  name: name.default("clawforce-ingress"),
  image: pinnedImage,
  publish: z
    .strictObject({
      address: z
        .string()
        .refine(
          (text) => isIP(text) > 0,
          form("IP address", "Write one of the Docker host, as in 127.0.0.1 or 0.0.0.0"),
        )
        .default("127.0.0.1"),
      port: port.default(80),
    })
    .prefault({}),
  /** Longest time that requests are held; what waits then, and what comes later, is answered with 503. */
  hold: seconds.default(300),
  /** How long requests under way may take to end when the hold begins. */
  drain: seconds.default(10),
});

export const stackSchema = z.strictObject({
  /** How strict the rules are: production demands a change record, signatures and digests. */
  environment: z.enum(["production", "staging"]),
  /** The one track that an update may change. `none`: neither. Going back is allowed in every window. */
  window: z.enum(["control-plane", "runtime", "none"]),
  maintenance: z
    .strictObject({
      /** How long an update with a failed verification and a full restore may take. */
      length: seconds.default(3600),
      /** What must lie between the last change of one track and the next of the other. */
      gapBetweenTracks: seconds.default(12 * 3600),
    })
    .prefault({}),
  change: z
    .strictObject({
      owner: z.string().min(1),
      ticket: z.string().min(1),
      /** Said by the owner: release notes, open issues and breaking changes of the target are read. */
      changelogReviewed: z.boolean(),
    })
    .optional(),
  /** What `fleet update` does after a failed wave. */
  onFailure: z.enum(["stop", "rollback"]).default("stop"),
  platform: z
    .strictObject({
      kind: z.literal("docker"),
      host: z
        .string()
        .regex(/^(unix:\/\/\/|tcp:\/\/|ssh:\/\/)/, form("Docker host", "Write unix:///…, tcp://… or ssh://…"))
        .default("unix:///var/run/docker.sock"),
    })
    .prefault({ kind: "docker" }),
  ingress: ingress.optional(),
  controlPlane: controlPlane.optional(),
  agentImages: z.record(name, agentImage),
  instanceGroups: z.record(name, instanceGroup),
  snapshots,
  evidence: z.strictObject({
    directory: z.string().min(1),
    /** File (0600) with an Ed25519 private key in PEM, where updates are run: each record is signed with it. */
    signingKey: z.string().min(1).optional(),
    /** Public keys whose records count, as base64 of their SPKI; that of `signingKey` always does. */
    trustedKeys: z.array(publicKey).default([]),
  }),
});

/** Keys that hold secrets: set with `pulumi config set --secret`, never part of the parsed configuration. */
export const secretKeys = ["controlPlanePassword", "gatewayTokens", "snapshotPassword"] as const;

export type StackConfig = z.output<typeof stackSchema>;
export type InstanceGroupConfig = StackConfig["instanceGroups"][string];
export type InstanceConfig = InstanceGroupConfig["instances"][number];
export type AgentImageConfig = StackConfig["agentImages"][string];
export type ControlPlaneConfig = NonNullable<StackConfig["controlPlane"]>;
export type IngressConfig = NonNullable<StackConfig["ingress"]>;
export type BakeConfig = NonNullable<InstanceGroupConfig["bake"]>;
export type SnapshotsConfig = StackConfig["snapshots"];
