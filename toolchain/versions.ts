import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cache } from "./cache.ts";

type Package = "@pulumi/pulumi" | "@pulumi/docker" | "@pulumi/command" | "@pulumi/kubernetes";

const { dependencies } = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"),
) as { dependencies: Record<Package, string> };

/** The CLI of the SDK's own version: the two speak a protocol that grows with every release. */
export const pulumiVersion = dependencies["@pulumi/pulumi"];

export interface Plugin {
  readonly name: string;
  /** That of its npm package: the engine asks for exactly this one. */
  readonly version: string;
  /** The folder of the fallback's Go module. */
  readonly module: string;
  /** Default: the module's folder is built as it is. */
  readonly build?: PluginBuild;
}

/** How a plugin is built whose sources are put together from modules that are served. */
export interface PluginBuild {
  /** What the result depends on beside the module's folder. */
  readonly recipe: Readonly<Record<string, string>>;
  readonly sources: (cache: Cache, into: string) => Promise<void>;
  readonly linkerVariables: readonly string[];
  /** Processor time that it may take from nothing on quiet cores. */
  readonly budgetMinutes: number;
  /** What was really built, for it need not be the version that the engine asks for. A clause. */
  readonly inside: string;
}

export const plugins: readonly Plugin[] = [
  { name: "docker", version: dependencies["@pulumi/docker"], module: "provider-docker" },
  { name: "command", version: dependencies["@pulumi/command"], module: "provider-command" },
];

/** Of the plugin that only those get who ask for it, see kubernetes/provider.ts. */
export const kubernetesPluginVersion = dependencies["@pulumi/kubernetes"];
