import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The schema that each version writes. 1.4.1 and 1.4.2 share one, 1.5.0 moves it. */
const schemas: Readonly<Record<string, number>> = { "1.4.1": 1, "1.4.2": 1, "1.5.0": 2 };

export interface Environment {
  version: string;
  schema: number;
  port: number;
  data: string;
  backups: string;
  /** Path of the Docker socket. */
  socket: string;
  /** Network of the instances, made when it is missing. */
  network: string;
  /** First part of the volumes' names. */
  prefix: string;
  /** Where an instance's volume is mounted. */
  mount: string;
  /** What the backup path HOME stands for. */
  home: string;
  gatewayPort: number;
  /** True for the variant in which PUT /instances/{id} takes `container_image`; upstream ignores it in silence. */
  imageApi: boolean;
  administrator: { username: string; password: string } | undefined;
}

/** CLAWFORCE_* are names of the real program, STAND_IN_* are this stand-in's own. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const version = env.STAND_IN_VERSION ?? "1.4.2";
  const schema = schemas[version];
  if (schema === undefined) throw new Error(`the stand-in has no version ${version}`);
  const data = env.CLAWFORCE_DATA_PATH ?? "/app/data";
  const password = env.STAND_IN_ADMIN_PASSWORD || undefined;
  return {
    version,
    schema,
    data,
    port: Number(env.STAND_IN_PORT ?? 8000),
    backups: env.CLAWFORCE_BACKUPS_PATH ?? join(data, "backups"),
    socket: (env.CLAWFORCE_DOCKER_HOST ?? "unix:///var/run/docker.sock").replace(/^unix:\/\//, ""),
    network: env.STAND_IN_NETWORK ?? "clawforce",
    prefix: env.STAND_IN_PREFIX ?? "clawforce",
    mount: env.STAND_IN_MOUNT ?? "/home/node/.openclaw",
    home: env.STAND_IN_HOME ?? "/home/node",
    gatewayPort: Number(env.STAND_IN_GATEWAY_PORT ?? 18789),
    imageApi: env.STAND_IN_IMAGE_API === "1",
    administrator:
      password === undefined ? undefined : { username: env.STAND_IN_ADMIN_USERNAME ?? "admin", password },
  };
}

/**
 * Faults on demand: the text of a file in the folder `switches` of the data, undefined when it is absent or speaks of
 * another version ("only 1.4.2"). `refuse-start`, `unhealthy`, and `hang` with the path that never answers.
 */
export function switchText(environment: Environment, name: string): string | undefined {
  const file = join(environment.data, "switches", name);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, "utf8").trim();
  const only = /\bonly (\S+)/.exec(text)?.[1];
  return only === undefined || only === environment.version ? text : undefined;
}
