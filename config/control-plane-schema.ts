import { z } from "zod";
import { type CheckInput, checkSchema } from "./check-schema.ts";
import { controlPlaneContainer } from "./container-schema.ts";
import { containerPath, hosts, name, port, restoreOrder, variableName, volume } from "./fields.ts";
import { pinnedImage } from "./image-reference.ts";
import { seconds } from "./units.ts";

interface Location {
  volume?: string | undefined;
  directory?: string | undefined;
}

function isOne({ volume, directory }: Location): boolean {
  return (volume === undefined) !== (directory === undefined);
}

const oneLocation =
  "expected exactly one of `volume` and `directory`. Write where it is on the Docker host: a volume's name or a path";

/** The same rule for editors. */
const isOneInSchema = { oneOf: [{ required: ["volume"] }, { required: ["directory"] }] };

const locationShape = { volume: volume.optional(), directory: containerPath.optional() };

/** A status code proves nothing here: /health answers 200 whatever the state is. */
const healthBody: CheckInput = {
  kind: "http",
  path: "/health",
  body: { status: "healthy", database: "connected", orchestrator: "connected" },
};

export const controlPlane = z.strictObject({
  name: name.default("clawforce").describe("Name of its container."),
  image: pinnedImage,
  previous: pinnedImage.optional().describe("The release before `image`, ready before an update starts."),
  data: z
    .strictObject(locationShape)
    .refine(isOne, oneLocation)
    .meta(isOneInSchema)
    .prefault({ volume: "clawforce-data" }),
  backups: z
    .strictObject({
      ...locationShape,
      path: containerPath.default("/app/backups").describe("Where they are inside the container."),
    })
    .refine(isOne, oneLocation)
    .meta(isOneInSchema)
    .optional()
    .describe(
      "Where the archives of its Backups are, when that is not below its data: they belong to each snapshot.",
    ),
  container: controlPlaneContainer.prefault({}),
  publish: port.optional().describe("Published on 127.0.0.1 of the Docker host."),
  hosts: hosts.default([]),
  account: z
    .strictObject({
      username: z.string().min(1).default("admin"),
      passwordVariable: variableName
        .optional()
        .describe(
          "Environment variable by which the container is told the password, where it makes the account by itself.",
        ),
    })
    .prefault({})
    .describe("For its API. The password is the secret controlPlanePassword."),
  deadline: seconds
    .default(30)
    .describe(
      "Of one call of its API. A call that comes to no answer in time may have been done all the same.",
    ),
  drain: z
    .strictObject({
      budget: seconds
        .default(60)
        .describe(
          "How long active tasks may take to end; those that it finds at its start it marks as failed.",
        ),
    })
    .prefault({}),
  stopGrace: seconds.default(30).describe("Between SIGTERM and SIGKILL."),
  defaultAgentImage: name
    .optional()
    .describe("Key of agentImages that instances created from now on get; it follows the rollout."),
  setImage: z
    .enum(["auto", "api", "database"])
    .default("auto")
    .describe(
      "How the image of a managed instance is set: auto is by the API where it takes it, else in the database.",
    ),
  database: z.string().min(1).default("clawforce.db").describe("Below its data."),
  restore: restoreOrder
    .optional()
    .describe("Snapshot that its data are set back to, once for each order; see docs/rollback.md."),
  gate: z.array(checkSchema).min(1).prefault([healthBody]),
  verification: z
    .array(checkSchema)
    .min(1)
    .prefault([
      healthBody,
      { kind: "build" },
      { kind: "login", deadline: "60s" },
      { kind: "unchanged", what: ["instances", "backups", "users", "settings", "secret"] },
    ]),
});
