import { readFileSync } from "node:fs";
import { join } from "node:path";

const { dependencies } = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"),
) as {
  dependencies: Record<"@pulumi/pulumi" | "@pulumi/docker" | "@pulumi/command", string>;
};

/** The CLI of the SDK's own version: the two speak a protocol that grows with every release. */
export const pulumiVersion = dependencies["@pulumi/pulumi"];

export interface Plugin {
  readonly name: string;
  /** That of its npm package: the engine asks for exactly this one. */
  readonly version: string;
  /** The folder of the fallback's Go module. */
  readonly module: string;
}

export const plugins: readonly Plugin[] = [
  { name: "docker", version: dependencies["@pulumi/docker"], module: "provider-docker" },
  { name: "command", version: dependencies["@pulumi/command"], module: "provider-command" },
];
