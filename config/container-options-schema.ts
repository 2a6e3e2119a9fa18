import { z } from "zod";
import {
  argv,
  containerPath,
  doc,
  form,
  hostPath,
  networkName,
  port,
  variableName,
  volume,
} from "./fields.ts";
import { networkMode } from "./network-mode.ts";
import { ipAddress } from "./publish.ts";
import { bytes } from "./units.ts";

/*
 * What a container can have beside its image, its state and its health check. Each key makes a new container when it
 * changes: that goes canary first, with window, snapshot and drill, like an image.
 */

const readOnly = z.boolean().default(false).meta(doc("True keeps the container from writing there.", true));

const isState = z
  .literal(true, {
    error: ({ input }) => `${JSON.stringify(input)} is not known here. Write true, or leave the key out`,
  })
  .optional()
  .meta(
    doc(
      "True for what belongs to the state of this one workload: it is in each snapshot and comes back with it. Default: it is no part of the snapshots.",
      true,
    ),
  );

const address = ipAddress.default("127.0.0.1");

const mount = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      kind: z.literal("bind").describe("A file or folder of the Docker host."),
      source: hostPath.meta(doc("Path on the Docker host. It must be there.", "/srv/shared")),
      target: containerPath.meta(doc("Path in the container.", "/shared")),
      readOnly,
      state: isState,
    }),
    z.strictObject({
      kind: z.literal("volume").describe("A volume of Docker's."),
      source: volume.meta(doc("Name of the volume. The stack does not make it.", "models")),
      target: containerPath.meta(doc("Path in the container.", "/models")),
      readOnly,
      state: isState,
    }),
    z.strictObject({
      kind: z.literal("tmpfs").describe("Memory, empty at each start."),
      target: containerPath.meta(doc("Path in the container.", "/tmp")),
      size: bytes.optional().meta(doc("Limit of its size. Default: half of the host's memory.", "64 MiB")),
    }),
  ],
  "expected a mount. Write `kind: bind`, `kind: volume` or `kind: tmpfs`, and its keys",
);

const publishedPort = z.strictObject({
  container: port.meta(doc("Port inside the container.", 18790)),
  host: port.meta(doc("Port of the Docker host.", 18790)),
  address: address.meta(doc("Address of the Docker host that it listens on.", "0.0.0.0")),
  protocol: z.enum(["tcp", "udp"]).default("tcp").meta(doc("Protocol of the port.", "udp")),
});

export const aliases = z.array(networkName);

const joinedNetwork = z.strictObject({
  name: networkName.meta(doc("Name of the Docker network.", "ollama-net")),
  existing: z
    .boolean()
    .default(false)
    .meta(doc("True joins a network that is there already. False: the stack makes it.", true)),
  aliases: aliases.default([]).meta(doc("Further names of the container in this network.", ["gateway"])),
});

const device = z.strictObject({
  host: hostPath.meta(doc("Device of the Docker host.", "/dev/net/tun")),
  container: containerPath.optional().meta(doc("Its path in the container. Default: the same.", "/dev/tun0")),
  permissions: z
    .string()
    .regex(/^(?!$)r?w?m?$/, form("set of permissions", "Write some of r, w and m, in this order"))
    .default("rwm")
    .meta(doc("What the container may do with it: read, write, make nodes.", "r")),
});

const limit = z
  .union(
    [
      z
        .int()
        .min(-1)
        .transform((both) => ({ soft: both, hard: both })),
      z.strictObject({
        soft: z
          .int()
          .min(-1)
          .meta(doc("Limit that a process may raise itself up to `hard`. -1 is none.", 1024)),
        hard: z.int().min(-1).meta(doc("Limit that no process may raise. -1 is none.", 65536)),
      }),
    ],
    "expected a limit. Write a number, or {soft: 1024, hard: 65536}",
  )
  .meta({ examples: [65536] });

const word = z.string().min(1);

/** The provider's inputs that this program gives by itself, and where the configuration says them. */
const ownInputs: Readonly<Record<string, string>> = {
  ...{ name: "the instance's name", image: "agentImages", hostname: "the instance's name" },
  ...{ envs: "environment", command: "command", user: "user", volumes: "mounts", ports: "ports" },
  ...{
    networksAdvanced: "networks",
    networkMode: "networkMode",
    memory: "memory",
    memorySwap: "memory",
    healthcheck: "health",
  },
  ...{ wait: "health.wait", waitTimeout: "health.wait", stopTimeout: "stopGrace", init: "init" },
  ...{ destroyGraceSeconds: "stopGrace", entrypoints: "entrypoint", workingDir: "workingDirectory" },
  ...{ mounts: "mounts", hosts: "extraHosts", shmSize: "shmSize", cpus: "cpus", ulimits: "ulimits" },
  ...{ devices: "devices", gpus: "gpus", capabilities: "capabilities", securityOpts: "securityOptions" },
  ...{ readOnly: "readOnly", logDriver: "logging", logOpts: "logging", restart: "restart" },
  ...{ stopSignal: "stopSignal", platform: "platform", labels: "labels", tmpfs: "mounts" },
};

const providerInput = word.superRefine((input, context) => {
  const own = ownInputs[input];
  if (input === "pidsLimit") {
    context.addIssue({
      code: "custom",
      message:
        "the Docker provider can't limit the number of processes. Write `cgroupParent` with a slice of the host that has a TasksMax",
    });
  }
  if (own === undefined) return;
  context.addIssue({
    code: "custom",
    message: `\`${input}\` has a key of its own here, and would have no effect. Write it under \`${own}\``,
  });
});

const labelName = word.refine(
  (label) => !label.startsWith("clawforce."),
  form("label of yours", "`clawforce.` begins those of the stack. Write another name"),
);

const secretName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, form("name of a secret", "Write letters, digits, `_` and `-`"));

export const mounts = z.array(mount);

/** Environment variable -> name of a secret. */
export const secretVariables = z.record(variableName, secretName);

export const containerOptions = {
  secrets: secretVariables
    .optional()
    .meta(
      doc(
        "Environment variables whose values are secrets: each variable with a name under `clawforce:secrets`. A new value goes canary first, as a new name does. Default: none.",
        { MODEL_API_KEY: "model-key" },
      ),
    ),
  envFile: word
    .optional()
    .meta(
      doc(
        "File with variables on the machine that updates, seen from the folder of the stack files. Its values are secrets. It is read as `docker run --env-file` does: quotes belong to the value, other than in Compose. `environment`, `secrets` and the token go before it. Default: none.",
        "gateway.env",
      ),
    ),
  entrypoint: argv
    .optional()
    .meta(
      doc("Program that the container starts with. Default: that of the image.", ["/usr/bin/tini", "--"]),
    ),
  workingDirectory: containerPath
    .optional()
    .meta(doc("Folder that the command is run in. Default: that of the image.", "/app")),
  mounts: mounts
    .optional()
    .meta(
      doc(
        "What else the container sees beside its state. Only what says `state: true` is part of the snapshots: what an update changes elsewhere does not come back. Default: nothing.",
        [{ kind: "bind", source: "/srv/shared", target: "/shared", readOnly: true }],
      ),
    ),
  ports: z
    .array(publishedPort)
    .optional()
    .meta(
      doc(
        "Ports that the Docker host publishes beside `publish`. A proxy in front does not hold them. Default: none.",
        [{ container: 18790, host: 18790, address: "127.0.0.1" }],
      ),
    ),
  networks: z
    .array(joinedNetwork)
    .optional()
    .meta(
      doc("Further networks, and what is special about the one of `network`. Default: none.", [
        { name: "ollama-net", existing: true },
      ]),
    ),
  networkMode: networkMode
    .optional()
    .meta(
      doc(
        "Network in place of `network`: `host` for that of the Docker host, `none` for none, `container:NAME` for that of another container. If NAME is made anew, this container has no network until the next `pulumi up`. Default: `network`.",
        "container:vpn",
      ),
    ),
  extraHosts: z
    .record(word, word)
    .optional()
    .meta(
      doc(
        "Names that the container knows beside those of its networks, with their addresses. Default: none.",
        {
          "host.docker.internal": "host-gateway",
        },
      ),
    ),
  shmSize: bytes.optional().meta(doc("Size of /dev/shm. Default: 64 MiB.", "1 GiB")),
  cpus: z
    .number()
    .positive()
    .optional()
    .meta(doc("How many processors' time it may use. Default: no limit.", 2)),
  ulimits: z
    .record(word, limit)
    .optional()
    .meta(
      doc("Limits of its processes, by the kernel's names. Default: those of the engine.", { nofile: 65536 }),
    ),
  devices: z
    .array(device)
    .optional()
    .meta(doc("Devices of the host that it sees. Default: none.", [{ host: "/dev/net/tun" }])),
  gpus: z
    .literal("all")
    .optional()
    .meta(doc("`all` gives it all graphics processors of the host. Default: none.", "all")),
  capabilities: z
    .strictObject({
      add: z
        .array(word)
        .default([])
        .meta(doc("Capabilities of the kernel that it gets.", ["NET_ADMIN"])),
      drop: z
        .array(word)
        .default([])
        .meta(doc("Capabilities of the kernel that it loses.", ["ALL"])),
    })
    .optional()
    .describe("Capabilities of the kernel. Default: those of the engine."),
  securityOptions: z
    .array(word)
    .optional()
    .meta(doc("Security options of Docker. Default: none.", ["no-new-privileges:true"])),
  readOnly: z
    .boolean()
    .optional()
    .meta(doc("True makes its root file system read-only. Default: false.", true)),
  labels: z
    .record(labelName, z.string())
    .optional()
    .meta(
      doc("Labels for other programs. `clawforce.` is for the stack's own. Default: none.", {
        "traefik.enable": "true",
      }),
    ),
  logging: z
    .strictObject({
      driver: word.default("json-file").meta(doc("Docker's log driver.", "journald")),
      options: z
        .record(word, z.string())
        .default({})
        .meta(doc("Its options. Default: none.", { "max-size": "10m", "max-file": "3" })),
    })
    .optional()
    .describe("Where its log goes. Default: the engine's own driver and options."),
  restart: z
    .enum(["no", "on-failure", "always", "unless-stopped"])
    .optional()
    .meta(doc("When Docker starts it again. Default: `unless-stopped`.", "on-failure")),
  init: z
    .boolean()
    .optional()
    .meta(
      doc(
        "False starts it without Docker's small init program, for an image that has its own. Default: true.",
        false,
      ),
    ),
  stopSignal: z
    .string()
    .regex(/^SIG[A-Z0-9+-]+$/, form("signal", "Write its name, as in SIGINT"))
    .optional()
    .meta(doc("Signal that asks it to end. Default: that of the image, else SIGTERM.", "SIGINT")),
  platform: z
    .string()
    .regex(/^linux\/[a-z0-9]+(\/v\d+)?$/, form("platform", "Write linux/amd64 or linux/arm64"))
    .optional()
    .meta(
      doc(
        "Platform of the image, where the host runs more than its own. Default: the host's.",
        "linux/arm64",
      ),
    ),
  options: z
    .record(providerInput, z.json())
    .optional()
    .meta(
      doc(
        "Any other input of the Docker provider's Container, by its own name and in its own units. What this program sets itself stays. The provider has none for a number of processes: a `cgroupParent` with a TasksMax limits it. Default: none.",
        { sysctls: { "net.core.somaxconn": "1024" } },
      ),
    ),
};
