import { z } from "zod";
import { adopt } from "./adopt-schema.ts";
import type { CheckInput, CheckSchema } from "./check-kind.ts";
import { aliases, mounts, secretVariables } from "./container-options-schema.ts";
import { drain, gatewayContainer } from "./container-schema.ts";
import { containerName, containerPath, doc, form, hosts, name, restoreOrder, volume } from "./fields.ts";
import { publish } from "./publish.ts";
import { seconds } from "./units.ts";

const instanceObject = z
  .strictObject({
    name: name.meta(
      doc("Name of the instance, and of its container unless `containerName` says another one.", "support-1"),
    ),
    containerName: containerName
      .optional()
      .meta(
        doc(
          "Name of its container, if that can't be the instance's, as with `_` or capital letters. A container keeps its name for good. Default: `name`.",
          "gateway_1",
        ),
      ),
    volume: volume
      .optional()
      .meta(doc("Docker volume with its state. Default: `<name>-state`.", "support-1-state")),
    directory: containerPath
      .optional()
      .meta(
        doc(
          "Folder of the Docker host with its state, in place of a volume. Default: none.",
          "/srv/openclaw/support-1",
        ),
      ),
    publish: publish
      .optional()
      .meta(
        doc(
          "Port of the gateway on 127.0.0.1 of the Docker host, or `ADDRESS:PORT`. Default: not published.",
          18789,
          "0.0.0.0:18789",
        ),
      ),
    restore: restoreOrder
      .optional()
      .meta(
        doc(
          "Snapshot that its state is set back to. Each order is carried out once: see docs/rollback.md. Default: no order.",
          { snapshot: "34495128", order: "INC-42" },
        ),
      ),
    hosts: hosts.optional(),
    secrets: secretVariables
      .optional()
      .meta(
        doc(
          "The same as `container.secrets`, for this instance alone: it goes before what the group says. Default: none.",
          { MODEL_API_KEY: "model-key-of-support-1" },
        ),
      ),
    mounts: mounts.optional().meta(
      doc(
        "The same as `container.mounts`, for this instance alone: it goes before what the group says about the same target. Default: none.",
        [
          {
            ...{ kind: "volume", source: "support-1-workspace" },
            ...{ target: "/home/node/.openclaw/workspace", state: true },
          },
        ],
      ),
    ),
    aliases: aliases
      .optional()
      .meta(
        doc(
          "Further names of its container in each of its networks, such as its service's name in a Compose file. Default: none.",
          ["gateway"],
        ),
      ),
    adopt: adopt.optional(),
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
  length: seconds.meta(doc("How long the verification is repeated.", "30m")),
  interval: seconds.default(30).meta(doc("Time between two rounds of checks.", "5m")),
  requests: z
    .int()
    .min(0)
    .default(0)
    .meta(doc("How many requests each workload must have served through the ingress meanwhile.", 200)),
  failures: z
    .int()
    .min(0)
    .default(0)
    .meta(
      doc(
        "How many more requests than before the update may end with 502, 503 or 504: the gateway did not answer.",
        2,
      ),
    ),
  errors: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .meta(
      doc(
        "Share of the requests that may end with another error (500 and above) on top of the share before the update. Two requests always may.",
        0.01,
      ),
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

/** All but its checks. */
export const instanceGroupSettings = z.strictObject({
  agentImage: name.meta(doc("Name of an entry of `agentImages`: what the group runs.", "chromium")),
  instances: z
    .array(instance)
    .min(1)
    .meta(
      doc("The instances of the group: names, or mappings with a name. The first one is the canary.", [
        "support-canary",
        "support-1",
      ]),
    ),
  waves: z
    .array(wave)
    .min(1)
    .default([1, "100%"])
    .meta(
      doc(
        "How many instances run the candidate after each wave: a count, or a share of the group, rounded up. The first wave is 1, the last one 100%.",
        [1, "25%", "100%"],
      ),
    ),
  wave: z
    .int()
    .min(0)
    .default(0)
    .meta(doc("How far the candidate has come: 0 is the first entry of `waves`, the canary.", 1)),
  managed: z
    .boolean()
    .default(false)
    .meta(
      doc(
        "True for instances that the running control plane has made. Their images are changed through its API.",
        true,
      ),
    ),
  bake: bake
    .optional()
    .meta(
      doc(
        "How long the verification is repeated after the last workload of a wave has passed: a duration, or a mapping. Default: no bake.",
        "30m",
      ),
    ),
  container: gatewayContainer.prefault({}).describe("What the group's containers are made with."),
  drain: drain.prefault({}).describe("How active work may end before a gateway is stopped."),
  stopGrace: seconds
    .default(30)
    .meta(doc("Time between SIGTERM and SIGKILL when a gateway is stopped.", "35s")),
});

export function instanceGroup(check: CheckSchema) {
  return instanceGroupSettings.extend({
    gate: z
      .array(check)
      .min(1)
      .prefault(openclawGate)
      .meta(
        doc("Short checks, before requests come in again. Each may take 15s at most.", [
          { kind: "http", path: "/readyz", body: { ready: true } },
        ]),
      ),
    verification: z
      .array(check)
      .min(1)
      .prefault(openclawVerification)
      .meta(doc("The full checks, while requests come in.", [{ kind: "channels" }, { kind: "pins" }])),
  });
}
