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
  localPath,
  name,
  port,
  publicKey,
  restoreOrder,
  volume,
} from "./fields.ts";
import { pinnedImage } from "./image-reference.ts";
import { bytes, seconds } from "./units.ts";

const instanceObject = z
  .strictObject({
    name,
    volume: volume.optional().describe("Of its state. Default: <name>-state."),
    directory: containerPath.optional().describe("Of its state, on the Docker host, in place of a volume."),
    publish: port.optional().describe("Published on 127.0.0.1 of the Docker host."),
    restore: restoreOrder
      .optional()
      .describe("Snapshot that its state is set back to, once for each order; see docs/rollback.md."),
    hosts: hosts.optional(),
  })
  .refine(
    (i) => !(i.volume && i.directory),
    "`volume` and `directory` are both given. Specify either `volume` or `directory`, not both",
  )
  .meta({ not: { required: ["volume", "directory"] } });

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

const dockerHost = z
  .string()
  .regex(
    /^(unix:\/\/\/[^\s?#]+|tcp:\/\/([\w.-]+|\[[\da-fA-F:]+\]):\d{1,5}|ssh:\/\/(\w[\w.-]*@)?(\w[\w.-]*|\[[\da-fA-F:]+\])(:\d{1,5})?(\/[\w./-]*)?)$/,
    form("Docker host", "Write unix:///PATH, tcp://NAME:PORT or ssh://USER@NAME"),
  );

const platform = z
  .strictObject({
    kind: z.literal("docker"),
    host: dockerHost.default("unix:///var/run/docker.sock"),
    ssh: z
      .strictObject({
        identityFile: localPath
          .optional()
          .describe("Private key, without a passphrase. Default: what ssh finds by itself, its agent first."),
        knownHosts: localPath
          .optional()
          .describe("File with the host's key; an unknown key is refused. Default: ~/.ssh/known_hosts."),
      })
      .optional()
      .describe("For an ssh:// host: OpenSSH's own client is used, with its configuration."),
    tls: z
      .strictObject({
        certPath: localPath.describe("Folder with ca.pem, cert.pem and key.pem."),
      })
      .optional()
      .describe(
        "For a tcp:// host. Default: DOCKER_CERT_PATH and DOCKER_TLS_VERIFY, as with the docker command.",
      ),
    answer: seconds
      .optional()
      .describe(
        "How long the Docker engine may take to answer a question, and four times as long for a change. Default 30s.",
      ),
  })
  .refine(
    ({ host, ssh }) => ssh === undefined || host.startsWith("ssh://"),
    "`ssh` is given, but `host` is none of ssh://. Take `ssh` out, or write ssh://USER@NAME",
  )
  .refine(
    ({ host, tls }) => tls === undefined || host.startsWith("tcp://"),
    "`tls` is given, but `host` is none of tcp://. Take `tls` out, or write tcp://NAME:PORT",
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

// Seconds for a busy host: a command of the gateway that takes 9 s on a quiet one has taken 90 s.
const openclawVerification: CheckInput[] = [
  { kind: "version", argv: ["openclaw", "--version"], deadline: "60s" },
  { kind: "http", path: "/readyz", body: { ready: true } },
  {
    kind: "command",
    name: "health",
    argv: ["openclaw", "health", "--json"],
    output: '"ok":\\s*true',
    deadline: "180s",
  },
  {
    kind: "command",
    name: "gateway rpc",
    argv: ["openclaw", "gateway", "status", "--json", "--require-rpc"],
    deadline: "180s",
  },
  { kind: "channels", allowNone: true },
  { kind: "unchanged", what: ["sessions"] },
  { kind: "unchanged", name: "configuration", what: ["configuration"] },
  { kind: "conversation", asBefore: true, deadline: "180s" },
  { kind: "pins" },
  { kind: "logs", appear: ["\\[gateway\\] ready"], absent: defaultBadLines },
];

/** Verification kept up for a time, once the last workload of a wave has passed. */
const bakeObject = z.strictObject({
  length: seconds,
  interval: seconds.default(30).describe("Between two rounds of checks."),
  requests: z
    .int()
    .min(0)
    .default(0)
    .describe("How many must have come through the ingress meanwhile: silence proves nothing."),
  failures: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "How many more than before the update may end with 502, 503 or 504: the gateway did not answer.",
    ),
  errors: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe(
      "Which share may end with another error (500 and more) on top of that before the update; 2 always may.",
    ),
});

/** A duration alone is a bake of that length. */
const bake = z.union(
  [
    seconds.transform(
      (length): z.output<typeof bakeObject> => ({
        ...{ length, interval: 30, requests: 0 },
        ...{ failures: 0, errors: 0.05 },
      }),
    ),
    bakeObject,
  ],
  "expected a bake. Write its length (30m), or a mapping with `length`",
);

const instanceGroup = z.strictObject({
  agentImage: name.describe("Key of agentImages."),
  instances: z.array(instance).min(1).describe("The first one is the canary."),
  waves: z
    .array(wave)
    .min(1)
    .default([1, "100%"])
    .describe("How many instances, or what share of them, run the candidate once each wave has come."),
  wave: z.int().min(0).default(0).describe("How far the candidate has come: index into waves."),
  managed: z
    .boolean()
    .default(false)
    .describe("Its instances are made and kept by the running control plane: images move through its API."),
  bake: bake
    .optional()
    .describe("Verification kept up for a time, once the last workload of a wave has passed."),
  container: gatewayContainer.prefault({}),
  drain: drain.prefault({}),
  stopGrace: seconds.default(30).describe("Between SIGTERM and SIGKILL."),
  gate: z
    .array(checkSchema)
    .min(1)
    .prefault(openclawGate)
    .describe("Short checks before requests come in again: 15s each at most."),
  verification: z
    .array(checkSchema)
    .min(1)
    .prefault(openclawVerification)
    .describe("The full checks, while requests come in."),
});

const keep = z.strictObject({
  last: z.int().min(1).default(5),
  daily: z.int().min(0).default(0),
  monthly: z.int().min(0).default(12),
});

const snapshots = z.strictObject({
  repositories: containerPath.describe("Folder on the Docker host with one restic repository per workload."),
  image: pinnedImage.describe(
    "Image with restic, sqlite3 and curl; toolchain/images/snapshot-tools builds it.",
  ),
  keep: keep
    .prefault({})
    .describe("How many snapshots stay; those of a release that can be gone back to always do."),
  minimumFree: bytes
    .default(1_000_000_000)
    .describe("What must be left beside the state and in the repositories, after a copy of the state."),
  drill: z
    .strictObject({
      deadline: seconds.default(120),
      memory: bytes
        .default(700_000_000)
        .describe(
          "Memory that the drilled workload needs on top of all that runs, and its limit unless the container's own is higher.",
        ),
      cpus: z.number().min(0.1).default(1).describe("Processors that the drilled workload may use."),
      environment: environment.default({ OPENCLAW_SKIP_CHANNELS: "1" }),
    })
    .prefault({})
    .describe("The proof that a snapshot starts."),
});

const agentImage = z.strictObject({
  stable: pinnedImage.describe("What runs."),
  candidate: pinnedImage.optional().describe("What is being rolled out, wave by wave."),
  previous: pinnedImage.optional().describe("The release before stable, kept on the Docker host."),
});

const ingress = z.strictObject({
  name: name.default("clawforce-ingress").describe("Name of the proxy's container."),
  image: pinnedImage.describe("kamal-proxy 0.9 with bash; toolchain/images/kamal-proxy builds it."),
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
  hold: seconds
    .default(300)
    .describe(
      "Longest time that requests are held; what waits then, and what comes later, is answered with 503.",
    ),
  drain: seconds.default(10).describe("How long requests under way may take to end when the hold begins."),
});

export const stackSchema = z.strictObject({
  environment: z
    .enum(["production", "staging"])
    .describe("How strict the rules are: production demands a change record and signed evidence."),
  window: z
    .enum(["control-plane", "runtime", "none"])
    .describe("The one track that an update may change. Going back is allowed in every window."),
  maintenance: z
    .strictObject({
      length: seconds
        .default(3600)
        .describe("How long an update with a failed verification and a full restore may take."),
      gapBetweenTracks: seconds
        .default(12 * 3600)
        .describe("What must lie between the last change of one track and the next of the other."),
    })
    .prefault({})
    .describe("Time for an update, and between those of the two tracks."),
  deadlines: z
    .strictObject({
      factor: z
        .number()
        .min(1)
        .default(3)
        .describe(
          "A check gets so many times what its last passing run on that workload took, if that is more than its own deadline.",
        ),
      longest: seconds.default(600).describe("More than this a check gets only by its own deadline."),
      baseline: seconds
        .default(120)
        .describe("For each look at the running version before an update: a busy host takes its time."),
    })
    .prefault({})
    .describe("How long checks may take on a host that is busy."),
  change: z
    .strictObject({
      owner: z.string().min(1).describe("Who decides on going back."),
      ticket: z.string().min(1),
      changelogReviewed: z
        .boolean()
        .describe(
          "Said by the owner: release notes, open issues and breaking changes of the target are read.",
        ),
    })
    .optional()
    .describe("The change record; production demands it."),
  onFailure: z
    .enum(["stop", "rollback"])
    .default("stop")
    .describe("What `fleet update` does after an update that failed."),
  platform: platform.prefault({ kind: "docker" }).describe("Where the workloads run."),
  ingress: ingress.optional().describe("The proxy in front, which holds requests during a cut-over."),
  controlPlane: controlPlane.optional().describe("Clawforce itself: the one workload of its track."),
  agentImages: z.record(name, agentImage).describe("What gateways run, by name."),
  instanceGroups: z
    .record(name, instanceGroup)
    .describe("Gateways that share an image and a rollout, by the group's name."),
  snapshots: snapshots.describe("Copies of the state, and the proof that they start."),
  evidence: z
    .strictObject({
      directory: z
        .string()
        .min(1)
        .describe("On the machine that updates; outside of every checkout, and in its backups."),
      signingKey: z
        .string()
        .min(1)
        .optional()
        .describe("File (0600) with an Ed25519 private key in PEM: each record is signed with it."),
      trustedKeys: z
        .array(publicKey)
        .default([])
        .describe(
          "Public keys whose records count, as base64 of their SPKI; that of signingKey always does.",
        ),
    })
    .describe("The records of what was run, checked and decided."),
});

/** Keys that hold secrets: set with `pulumi config set --secret`, never part of the parsed configuration. */
export const secretKeys = ["controlPlanePassword", "gatewayTokens", "snapshotPassword"] as const;

export type StackConfig = z.output<typeof stackSchema>;
export type InstanceGroupConfig = StackConfig["instanceGroups"][string];
export type InstanceConfig = InstanceGroupConfig["instances"][number];
export type AgentImageConfig = StackConfig["agentImages"][string];
export type ControlPlaneConfig = NonNullable<StackConfig["controlPlane"]>;
export type BakeConfig = NonNullable<InstanceGroupConfig["bake"]>;
export type DeadlinesConfig = StackConfig["deadlines"];
export type SnapshotsConfig = StackConfig["snapshots"];
