import { z } from "zod";
import { adopt } from "./adopt-schema.ts";
import type { CheckInput, CheckSchema } from "./check-kind.ts";
import { controlPlaneContainer } from "./container-schema.ts";
import { containerPath, doc, hosts, name, restoreOrder, variableName, volume } from "./fields.ts";
import { pinnedImage } from "./image-reference.ts";
import { publish } from "./publish.ts";
import { migrate } from "./rehearsal-schema.ts";
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

const locationShape = {
  volume: volume
    .optional()
    .meta(doc("Name of a Docker volume. Default: none; write either this or `directory`.", "clawforce-data")),
  directory: containerPath
    .optional()
    .meta(
      doc("Folder of the Docker host. Default: none; write either this or `volume`.", "/srv/clawforce/data"),
    ),
};

const exampleImage =
  "registry.example.com/clawforce:1.4.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/** A status code proves nothing here: /health answers 200 whatever the state is. */
const healthBody: CheckInput = {
  kind: "http",
  path: "/health",
  body: { status: "healthy", database: "connected", orchestrator: "connected" },
};

/** All but its checks. */
export const controlPlaneSettings = z.strictObject({
  name: name.default("clawforce").meta(doc("Name of its container.", "control")),
  image: pinnedImage.meta(doc("Image that it runs. Another one here is its update.", exampleImage)),
  previous: pinnedImage
    .optional()
    .meta(
      doc(
        "The release before `image`. Its image is kept on the Docker host, so that going back needs no registry. Default: none is kept.",
        exampleImage.replace("1.4.2", "1.4.1"),
      ),
    ),
  data: z
    .strictObject(locationShape)
    .refine(isOne, oneLocation)
    .meta(isOneInSchema)
    .prefault({ volume: "clawforce-data" })
    .describe("Where its data are on the Docker host: either `volume` or `directory`."),
  backups: z
    .strictObject({
      ...locationShape,
      path: containerPath
        .default("/app/backups")
        .meta(doc("Where they are inside the container.", "/backups")),
    })
    .refine(isOne, oneLocation)
    .meta(isOneInSchema)
    .optional()
    .describe(
      "Where the archives of its Backups are, if they are not below its data. They belong to each snapshot. Default: below its data.",
    ),
  container: controlPlaneContainer.prefault({}).describe("What its container is made with."),
  publish: publish
    .optional()
    .meta(
      doc(
        "Port of the control plane on 127.0.0.1 of the Docker host, or `ADDRESS:PORT`. Default: not published.",
        8000,
      ),
    ),
  hosts: hosts
    .default([])
    .meta(doc("Host names under which the ingress serves it.", ["control.example.com"])),
  account: z
    .strictObject({
      username: z
        .string()
        .min(1)
        .default("admin")
        .meta(doc("Its name. It must have the role admin.", "fleet")),
      passwordVariable: variableName
        .optional()
        .meta(
          doc(
            "Environment variable that gives the password to the container, if the container makes the account itself. Default: none.",
            "ADMIN_PASSWORD",
          ),
        ),
    })
    .prefault({})
    .describe(
      "The account that this program uses for its API. The password is the secret `controlPlanePassword`.",
    ),
  deadline: seconds
    .default(30)
    .meta(
      doc(
        "How long one call of its API may take. A call that is too slow may have been done all the same.",
        "1m",
      ),
    ),
  drain: z
    .strictObject({
      budget: seconds
        .default(60)
        .meta(
          doc(
            "How long active tasks may take to end. A task that is still active then is marked as failed by the next start.",
            "5m",
          ),
        ),
    })
    .prefault({})
    .describe("How active tasks may end before it is stopped."),
  stopGrace: seconds.default(30).meta(doc("Time between SIGTERM and SIGKILL when it is stopped.", "60s")),
  defaultAgentImage: name
    .optional()
    .meta(
      doc(
        "Name of an entry of `agentImages`: the image that new instances get. It follows the rollout. Default: this program does not set it.",
        "chromium",
      ),
    ),
  defaultImageSettings: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .meta(
      doc(
        "Settings of the control plane that get the default image. claworc gives `default_agent_image` to new instances. Its instances without an image of their own follow `default_container_image`, at their next restart. Default: `default_agent_image` alone.",
        ["default_agent_image", "default_container_image"],
      ),
    ),
  setImage: z
    .enum(["auto", "api", "database"])
    .default("auto")
    .meta(
      doc(
        "How the image of a managed instance is set. `auto` uses the API; if the API does not take an image, it uses the database.",
        "api",
      ),
    ),
  database: z
    .string()
    .min(1)
    .default("clawforce.db")
    .meta(doc("Path of its SQLite database below its data.", "db/clawforce.db")),
  migrate,
  restore: restoreOrder
    .optional()
    .meta(
      doc(
        "Snapshot that its data are set back to. Each order is carried out once: see docs/rollback.md. Default: no order.",
        { snapshot: "34495128", order: "INC-42" },
      ),
    ),
  adopt: adopt.optional(),
});

export function controlPlane(check: CheckSchema) {
  return controlPlaneSettings.extend({
    gate: z
      .array(check)
      .min(1)
      .prefault([healthBody])
      .meta(
        doc("Short checks, before requests come in again. Each may take 15s at most.", [
          { kind: "http", path: "/health", body: { status: "healthy" } },
        ]),
      ),
    verification: z
      .array(check)
      .min(1)
      .prefault([
        healthBody,
        { kind: "build" },
        { kind: "login", deadline: "60s" },
        { kind: "unchanged", what: ["instances", "backups", "users", "settings", "secret"] },
      ])
      .meta(
        doc("The full checks, while requests come in.", [
          { kind: "login" },
          { kind: "unchanged", what: ["instances", "backups"] },
        ]),
      ),
  });
}
