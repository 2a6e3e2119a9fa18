import type { Inspected, InspectedImage } from "../../platforms/docker/adopted-settings.ts";
import { digest } from "./config-fixture.ts";

/** As the engine tells of an image. */
export const inspectedImage: InspectedImage = {
  RepoDigests: [`registry.test/openclaw@${digest("a")}`],
  Config: {
    Env: ["PATH=/bin", "NODE_VERSION=24"],
    Cmd: ["node", "app.js"],
    Entrypoint: ["docker-entrypoint.sh"],
    User: "node",
    WorkingDir: "/app",
    Labels: { "org.opencontainers.image.version": "2026.4.23" },
  },
};

export const home = {
  ...{ Type: "volume", Name: "oc-home", Source: "/x", Destination: "/home/node/.openclaw", RW: true },
};

export interface InspectedChange {
  Name?: string;
  Config?: object;
  HostConfig?: object;
  State?: object;
  Mounts?: object[];
  Networks?: object;
}

/** As the engine tells of a gateway that Compose runs from that image; then each change is made. */
export function inspected(change: InspectedChange): Inspected {
  const { Config, HostConfig, State, Mounts = [home], Networks, ...more } = change;
  return {
    ...{ Id: "0123456789ab".padEnd(64, "0"), Name: "/gateway-1", Image: "sha256:1", ...more },
    Config: { Image: "registry.test/openclaw:2026.4.23", ...inspectedImage.Config, ...Config },
    HostConfig: { RestartPolicy: { Name: "unless-stopped" }, NetworkMode: "oc_default", ...HostConfig },
    State: { Status: "running", Running: true, Paused: false, Restarting: false, ...State },
    Mounts,
    NetworkSettings: { Networks: Networks ?? { oc_default: { Aliases: ["gateway", "0123456789ab"] } } },
  } as unknown as Inspected;
}
