import { z } from "zod";
import { pinnedImage } from "./image-reference.ts";
import { bytes, seconds } from "./units.ts";

/** Rule and remedy for a value of the wrong form. */
function form(noun: string, remedy: string): { error: (issue: { input?: unknown }) => string } {
  return { error: ({ input }) => `${JSON.stringify(input)} is no ${noun}. ${remedy}` };
}

const name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    form("name", "Write lower-case letters, digits and hyphens, 63 at most"),
  );

const containerPath = z
  .string()
  .regex(
    /^\/[^\0:]*$/,
    form("absolute path", "Begin it with / and write no colon, as Docker's mounts want it"),
  );

const urlPath = z.string().startsWith("/", form("path of a URL", "Begin it with /"));

const port = z.int().min(1).max(65535);

const argv = z
  .array(z.string())
  .min(1, 'there is no program to run. Write it and its arguments as a list, as in ["openclaw", "health"]');

const pattern = z
  .string()
  .refine(
    (source) => regularExpression(source) !== undefined,
    form("regular expression", "Write it in JavaScript's syntax"),
  );

function regularExpression(source: string): RegExp | undefined {
  try {
    return new RegExp(source, "m");
  } catch {
    return undefined;
  }
}

/** Matching the empty text against "nothing or the pattern" tells how many groups the pattern has. */
function hasGroup(source: string): boolean {
  const groups = regularExpression(`${source}|`)?.exec("");
  return groups === undefined || groups === null || groups.length > 1;
}

const environment = z.record(
  z
    .string()
    .regex(
      /^[A-Za-z_][A-Za-z0-9_]*$/,
      form("name of an environment variable", "Write letters, digits and _"),
    ),
  z.string(),
);

/** What every check has. `deadline` bounds all its attempts together; attempts are `interval` apart. */
const checkBase = {
  name: z.string().min(1).optional(),
  severity: z.enum(["critical", "warning"]).default("critical"),
  deadline: seconds.default(15),
  interval: seconds.default(1),
};

export const checkSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("http"),
    ...checkBase,
    path: urlPath,
    port: port.optional(),
    status: z.int().min(100).max(599).default(200),
    /** Fields of the JSON body as dotted path -> wanted value. Never empty: a status code alone lies. */
    body: z
      .record(
        z.string(),
        z.union(
          [z.string(), z.number(), z.boolean()],
          "expected a text, a number, true or false. Write the field's wanted value",
        ),
      )
      .refine(
        (fields) => Object.keys(fields).length > 0,
        "no field of the body is checked, and a status code alone proves nothing. Name one, as in `status: live`",
      ),
  }),
  z.strictObject({
    kind: z.literal("command"),
    ...checkBase,
    argv,
    exitCode: z.int().min(0).max(255).default(0),
    output: pattern.optional(),
  }),
  z.strictObject({
    kind: z.literal("version"),
    ...checkBase,
    argv: argv.default(["openclaw", "--version"]),
  }),
  z
    .strictObject({
      kind: z.literal("logs"),
      ...checkBase,
      appear: z.array(pattern).default([]),
      absent: z.array(pattern).default([]),
    })
    .refine(
      (logs) => logs.appear.length + logs.absent.length > 0,
      "the check looks for nothing. Name a pattern under `appear` or `absent`",
    ),
]);

const health = z.strictObject({
  path: urlPath.default("/healthz"),
  /** Runs inside the container in place of the HTTP request of `path`. */
  command: argv.optional(),
  /** Each check starts a process in the container: a short interval costs a busy host more than it tells. */
  interval: seconds.default(5),
  timeout: seconds.default(5),
  retries: z.int().min(1).default(15),
  startPeriod: seconds.default(30),
  /** How long `up` waits for the new container to become healthy. */
  wait: seconds.default(120),
});

const container = z.strictObject({
  port: port.default(18789),
  stateDirectory: containerPath.default("/home/node/.openclaw"),
  command: argv.optional(),
  user: z.string().min(1).optional(),
  environment: environment.default({}),
  tokenVariable: z.string().min(1).default("OPENCLAW_GATEWAY_TOKEN"),
  network: name.default("clawforce"),
  memory: bytes.optional(),
  health: health.prefault({}),
});

const countPattern = pattern.refine(
  hasGroup,
  form("pattern with a group", 'Put parentheses around the number of active tasks, as in "active: (\\\\d+)"'),
);

/** Active work is read as a number: from a field of a JSON body, or from the first group of a pattern. */
const drain = z
  .strictObject({
    budget: seconds.default(30),
    http: z.strictObject({ path: urlPath, field: z.string().min(1) }).optional(),
    command: z.strictObject({ argv, output: countPattern }).optional(),
  })
  .refine(
    (d) => !(d.http && d.command),
    "`http` and `command` are both given. Specify either `http` or `command`, not both",
  );

const instanceObject = z
  .strictObject({
    name,
    volume: z
      .string()
      .regex(
        /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/,
        form("name of a volume", "Write letters, digits, `_`, `.` and `-`"),
      )
      .optional(),
    directory: containerPath.optional(),
    /** Published on 127.0.0.1 of the Docker host. */
    publish: port.optional(),
    /** Id of the snapshot that this instance's state is set back to; see docs/rollback.md. */
    restore: z
      .string()
      .regex(
        /^[0-9a-f]{8,64}$/,
        form("snapshot id", "Write 8 to 64 hex digits in quotes, as the report prints them"),
      )
      .optional(),
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

const badLines = [
  "Cannot find package",
  "Cannot find module",
  "failed to load plugin",
  "channel startup failed",
  "channel exited",
  "Gateway failed to start",
  "Invalid config",
];

const openclawGate: z.input<typeof checkSchema>[] = [
  { kind: "http", path: "/healthz", body: { ok: true, status: "live" } },
  { kind: "http", path: "/readyz", body: { ready: true } },
];

const openclawVerification: z.input<typeof checkSchema>[] = [
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
  { kind: "logs", appear: ["\\[gateway\\] ready"], absent: badLines },
];

const instanceGroup = z.strictObject({
  agentImage: name,
  instances: z.array(instance).min(1),
  waves: z.array(wave).min(1).default([1, "100%"]),
  /** How far the candidate has come: index into `waves`. */
  wave: z.int().min(0).default(0),
  container: container.prefault({}),
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

export const stackSchema = z.strictObject({
  platform: z
    .strictObject({
      kind: z.literal("docker"),
      host: z
        .string()
        .regex(/^(unix:\/\/\/|tcp:\/\/|ssh:\/\/)/, form("Docker host", "Write unix:///…, tcp://… or ssh://…"))
        .default("unix:///var/run/docker.sock"),
    })
    .prefault({ kind: "docker" }),
  agentImages: z.record(name, agentImage),
  instanceGroups: z.record(name, instanceGroup),
  snapshots,
  evidence: z.strictObject({ directory: z.string().min(1) }),
});

/** Keys that hold secrets: set with `pulumi config set --secret`, never part of the parsed configuration. */
export const secretKeys = ["gatewayTokens", "snapshotPassword"] as const;

export type StackConfig = z.output<typeof stackSchema>;
export type InstanceGroupConfig = StackConfig["instanceGroups"][string];
export type InstanceConfig = InstanceGroupConfig["instances"][number];
export type AgentImageConfig = StackConfig["agentImages"][string];
export type ContainerConfig = InstanceGroupConfig["container"];
export type DrainConfig = InstanceGroupConfig["drain"];
export type SnapshotsConfig = StackConfig["snapshots"];
export type Check = z.output<typeof checkSchema>;
