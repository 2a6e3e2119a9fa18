import { z } from "zod";
import { type CheckInput, checkSchema } from "./check-schema.ts";
import { controlPlaneContainer } from "./container-schema.ts";
import { containerPath, hosts, name, port, snapshotId, volume } from "./fields.ts";
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

const locationShape = { volume: volume.optional(), directory: containerPath.optional() };

/** A status code proves nothing here: /health answers 200 whatever the state is. */
const healthBody: CheckInput = {
  kind: "http",
  path: "/health",
  body: { status: "healthy", database: "connected", orchestrator: "connected" },
};

export const controlPlane = z.strictObject({
  /** Name of its container. */
  name: name.default("clawforce"),
  image: pinnedImage,
  /** The release before `image`, ready before an update starts. */
  previous: pinnedImage.optional(),
  data: z.strictObject(locationShape).refine(isOne, oneLocation).prefault({ volume: "clawforce-data" }),
  /** Where the archives of its Backups are, when that is not below its data: they belong to each snapshot. */
  backups: z
    .strictObject({ ...locationShape, path: containerPath.default("/app/backups") })
    .refine(isOne, oneLocation)
    .optional(),
  container: controlPlaneContainer.prefault({}),
  /** Published on 127.0.0.1 of the Docker host. */
  publish: port.optional(),
  hosts: hosts.default([]),
  /** For its API. The password is the secret `controlPlanePassword`. */
  account: z.strictObject({ username: z.string().min(1).default("admin") }).prefault({}),
  /** How long active tasks may take to end before it is stopped; it marks those that it finds at its start as failed. */
  drain: z.strictObject({ budget: seconds.default(60) }).prefault({}),
  stopGrace: seconds.default(30),
  /** Agent image (a key of `agentImages`) that instances created from now on get; it follows the rollout. */
  defaultAgentImage: name.optional(),
  /** How the image of a managed instance is set: by the API where it takes it, else in the database; or only one of them. */
  setImage: z.enum(["auto", "api", "database"]).default("auto"),
  /** Its database, below the data. */
  database: z.string().min(1).default("clawforce.db"),
  restore: snapshotId.optional(),
  gate: z.array(checkSchema).min(1).prefault([healthBody]),
  verification: z
    .array(checkSchema)
    .min(1)
    .prefault([
      healthBody,
      { kind: "build" },
      { kind: "login" },
      { kind: "unchanged", what: ["instances", "backups"] },
    ]),
});
