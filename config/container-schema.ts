import { z } from "zod";
import { argv, containerPath, environment, form, hasGroup, name, pattern, port, urlPath } from "./fields.ts";
import { bytes, seconds } from "./units.ts";

const healthShape = {
  command: argv.optional().describe("Runs inside the container in place of the HTTP request of `path`."),
  /** Each check starts a process in the container: a short interval costs a busy host more than it tells. */
  interval: seconds.default(5),
  timeout: seconds.default(5),
  retries: z.int().min(1).default(15),
  startPeriod: seconds.default(30),
  wait: seconds.default(120).describe("How long `up` waits for the new container to become healthy."),
};

const containerShape = {
  command: argv.optional(),
  user: z.string().min(1).optional(),
  environment: environment.default({}),
  network: name.default("clawforce"),
  memory: bytes.optional(),
};

export const gatewayContainer = z.strictObject({
  port: port.default(18789),
  stateDirectory: containerPath
    .default("/home/node/.openclaw")
    .describe("Where the state is inside the container."),
  ...containerShape,
  tokenVariable: z
    .string()
    .min(1)
    .default("OPENCLAW_GATEWAY_TOKEN")
    .describe("Environment variable that gets the gateway's token."),
  health: z.strictObject({ path: urlPath.default("/healthz"), ...healthShape }).prefault({}),
});

export const controlPlaneContainer = z.strictObject({
  port: port.default(8000),
  stateDirectory: containerPath.default("/app/data").describe("Where the data are inside the container."),
  ...containerShape,
  dockerSocket: z
    .union([z.literal("none"), containerPath])
    .default("/var/run/docker.sock")
    .describe(
      "Socket of the Docker host that it makes its instances on, mounted at /var/run/docker.sock. none: not mounted.",
    ),
  health: z
    .strictObject({
      path: urlPath.default("/health"),
      ...healthShape,
      command: argv.default(["wget", "-q", "-O", "-", "http://127.0.0.1:8000/health"]),
    })
    .prefault({}),
});

/** What every workload's container has, whatever it runs. */
export type ContainerConfig = Omit<z.output<typeof gatewayContainer>, "tokenVariable"> & {
  tokenVariable?: string;
  dockerSocket?: string;
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
      .describe("How long active work may take to end before the stop; what is cut then is said."),
    http: z
      .strictObject({ path: urlPath, field: z.string().min(1) })
      .optional()
      .describe("Where the number of active tasks stands: a field of a JSON body."),
    command: z
      .strictObject({ argv, output: countPattern })
      .optional()
      .describe("Where the number of active tasks stands: the first group of a pattern."),
  })
  .refine(
    (d) => !(d.http && d.command),
    "`http` and `command` are both given. Specify either `http` or `command`, not both",
  )
  .meta({ not: { required: ["http", "command"] } });

export type DrainConfig = z.output<typeof drain>;
