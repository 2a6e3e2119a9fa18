import { z } from "zod";
import { containerOptions } from "./container-options-schema.ts";
import {
  argv,
  containerPath,
  doc,
  environment,
  form,
  hasGroup,
  healthArgv,
  networkName,
  pattern,
  port,
  urlPath,
} from "./fields.ts";
import { bytes, seconds } from "./units.ts";

const healthShape = {
  command: healthArgv
    .optional()
    .meta(
      doc(
        "Command inside the container, in place of the HTTP request of `path`. Exit code 0 means healthy. Default: the request.",
        ["wget", "-q", "-O", "-", "http://127.0.0.1:18789/healthz"],
      ),
    ),
  /** Each check starts a process in the container: a short interval costs a busy host more than it tells. */
  interval: seconds.default(5).meta(doc("Time between two health checks.", "10s")),
  timeout: seconds.default(5).meta(doc("Deadline of one health check.", "10s")),
  retries: z
    .int()
    .min(1)
    .default(15)
    .meta(doc("How many health checks in a row must fail before the container counts as unhealthy.", 5)),
  startPeriod: seconds
    .default(30)
    .meta(doc("Time after the start in which a failed health check does not count.", "60s")),
  wait: seconds
    .default(120)
    .meta(doc("How long `pulumi up` waits for a new container to become healthy.", "180s")),
};

const containerShape = {
  command: argv
    .optional()
    .meta(
      doc("Command that the container runs. Default: that of the image.", ["openclaw", "gateway", "run"]),
    ),
  user: z
    .string()
    .min(1)
    .optional()
    .meta(doc("User that the container runs as. Default: that of the image.", "node")),
  environment: environment.default({}).meta(
    doc("Environment variables, in plain text. No secret belongs here. Default: none.", {
      OPENCLAW_DISABLE_BONJOUR: "1",
    }),
  ),
  network: networkName
    .default("clawforce")
    .meta(
      doc(
        "Docker network of the container. The stack makes it, unless `networks` says that it exists.",
        "agents",
      ),
    ),
  memory: bytes
    .optional()
    .meta(
      doc(
        "Memory limit of the container; as much again may be swapped on Docker. On Kubernetes another one is a new start. Default: no limit.",
        "4 GiB",
      ),
    ),
};

export const gatewayContainer = z.strictObject({
  port: port.default(18789).meta(doc("Port of the gateway inside the container.", 8080)),
  stateDirectory: containerPath
    .default("/home/node/.openclaw")
    .meta(doc("Where the state is inside the container.", "/home/claworc/.openclaw")),
  ...containerShape,
  ...containerOptions,
  tokenVariable: z
    .string()
    .min(1)
    .default("OPENCLAW_GATEWAY_TOKEN")
    .meta(doc("Environment variable that gets the gateway's token.", "GATEWAY_TOKEN")),
  health: z
    .strictObject({
      path: urlPath
        .default("/healthz")
        .meta(doc("Path of the HTTP request. The answer must have a status of 200 to 299.", "/readyz")),
      ...healthShape,
    })
    .prefault({})
    .describe("Docker's health check of the container."),
});

export const controlPlaneContainer = z.strictObject({
  port: port.default(8000).meta(doc("Port of the control plane inside the container.", 8080)),
  stateDirectory: containerPath
    .default("/app/data")
    .meta(doc("Where the data are inside the container.", "/var/lib/clawforce")),
  ...containerShape,
  ...containerOptions,
  dockerSocket: z
    .union([z.literal("none"), containerPath])
    .default("/var/run/docker.sock")
    .meta(
      doc(
        "Socket of the Docker engine on its host. It is mounted at /var/run/docker.sock, so that the control plane can make instances. `none` mounts nothing.",
        "none",
      ),
    ),
  serviceAccount: z
    .string()
    .max(253)
    .regex(
      /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
      form("name of a service account", "Write lower-case letters, digits and hyphens"),
    )
    .optional()
    .meta(
      doc(
        "On Kubernetes: the service account by which the control plane makes instances. Default: none, and its pod gets no token of the cluster.",
        "claworc",
      ),
    ),
  health: z
    .strictObject({
      path: urlPath
        .default("/health")
        .meta(doc("Path that the ingress asks whether the control plane is healthy.", "/healthz")),
      ...healthShape,
      command: healthArgv
        .default(["wget", "-q", "-O", "-", "http://127.0.0.1:8000/health"])
        .meta(
          doc("Command inside the container. Exit code 0 means healthy.", [
            "curl",
            "-f",
            "http://127.0.0.1:8000/health",
          ]),
        ),
    })
    .prefault({})
    .describe("Docker's health check of the container."),
});

/** What every workload's container has, whatever it runs. */
export type ContainerConfig = Omit<z.output<typeof gatewayContainer>, "tokenVariable"> & {
  tokenVariable?: string;
  dockerSocket?: string;
  serviceAccount?: string | undefined;
};

const countPattern = pattern.refine(
  hasGroup,
  form("pattern with a group", 'Put parentheses around the number of active tasks, as in "active: (\\\\d+)"'),
);

/** Active work is read as a number: from a field of a JSON body, or from the first group of a pattern. */
export const drain = z
  .strictObject({
    budget: seconds
      .default(30)
      .meta(
        doc(
          "How long active work may take to end. What is still active then is cut, and the update says so.",
          "5m",
        ),
      ),
    http: z
      .strictObject({
        path: urlPath.meta(doc("Path of the request, inside the workload's network.", "/status")),
        field: z
          .string()
          .min(1)
          .meta(
            doc("Field of the JSON body with the number of active tasks: a dotted path.", "queue.active"),
          ),
      })
      .optional()
      .describe("Where an HTTP answer says how many tasks are active. Default: nobody is asked."),
    command: z
      .strictObject({
        argv: argv.meta(doc("Command inside the container.", ["openclaw", "tasks", "list"])),
        output: countPattern.meta(
          doc("Pattern of its output. The first group is the number of active tasks.", "active: (\\d+)"),
        ),
      })
      .optional()
      .describe("Where the output of a command says how many tasks are active. Default: no command is run."),
  })
  .refine(
    (d) => !(d.http && d.command),
    "`http` and `command` are both given. Specify either `http` or `command`, not both",
  )
  .meta({ not: { required: ["http", "command"] } });

export type DrainConfig = z.output<typeof drain>;
