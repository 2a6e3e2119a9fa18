import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Cache } from "../cache.ts";
import { goModule, moduleFolder } from "../go-build.ts";
import { SetUpError } from "../set-up-error.ts";
import { kubernetesPluginVersion, type Plugin } from "../versions.ts";

const module = "provider-kubernetes";
const providerPath = "github.com/pulumi/pulumi-kubernetes/provider/v4";
const sdkPath = "github.com/pulumi/pulumi-kubernetes/sdk/v4";
/** The one that the provider's own go.mod names, and the sum over its files. */
const sdk = { version: "v4.24.0", sum: "h1:dlDJvsugKow8tCaD0yJngc7PXdv8WT2YwPEUmj48tF4=" };
/** What the provider needs of half a million generated lines, below go/kubernetes. */
const sdkFiles = [
  "customPulumiTypes.go",
  "utilities/pulumiUtilities.go",
  "utilities/pulumiVersion.go",
  "helm/v4/pulumiTypes.go",
];
/** By the name under which the provider embeds it: the file in its module, and what is set in it. */
const embedded: Readonly<Record<string, { file: string; change: object }>> = {
  "schema-embed.json": { file: "schema.json", change: { version: kubernetesPluginVersion } },
  "terraform-mapping-embed.json": { file: "terraform-mapping.json", change: {} },
};

/** Pulumi's own Kubernetes provider: only for those that ask for it. */
export const kubernetesPlugin: Plugin = {
  name: "kubernetes",
  version: kubernetesPluginVersion,
  module,
  build: {
    recipe: { sdk: sdk.sum },
    sources: assembleSources,
    linkerVariables: [`${providerPath}/pkg/version.Version=${kubernetesPluginVersion}`],
    budgetMinutes: 7,
    inside: insideOf(providerVersion()),
  },
};

/** Puts our files beside those of the provider's repository: they stay in Go's cache and this folder, and never in ours. */
async function assembleSources(cache: Cache, into: string): Promise<void> {
  cpSync(moduleFolder(module), into, { recursive: true });
  const { folder, sum } = await goModule(cache, sdkPath, sdk.version);
  if (sum !== sdk.sum) {
    throw new SetUpError(
      `The module ${sdkPath} ${sdk.version} has the sum ${sum} and not ${sdk.sum}: do not use it, and say so to its authors.`,
    );
  }
  for (const name of sdkFiles) {
    const file = join(into, "sdk", "go", "kubernetes", name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, readFileSync(join(folder, "go", "kubernetes", name)));
  }
  // Its sum stands in our go.sum, by which the build itself refuses another one.
  const provider = await goModule(cache, providerPath, providerVersion());
  for (const [name, { file, change }] of Object.entries(embedded)) {
    const text = readFileSync(join(provider.folder, "cmd", "pulumi-resource-kubernetes", file), "utf8");
    writeFileSync(join(into, name), JSON.stringify({ ...(JSON.parse(text) as object), ...change }));
  }
}

function providerVersion(): string {
  const text = readFileSync(join(moduleFolder(module), "go.mod"), "utf8");
  const [, version = ""] = new RegExp(`${providerPath.replaceAll(".", "\\.")} (\\S+)`).exec(text) ?? [];
  return version;
}

/** Which commit a version without a name stands for: `v4.0.0-20260115033456-f47bc2d6f199`. */
export function insideOf(version: string): string {
  const [, year, month, day, commit] = /-(\d{4})(\d\d)(\d\d)\d{6}-([0-9a-f]{12})$/.exec(version) ?? [];
  return commit === undefined
    ? `inside is ${version}`
    : `inside is commit ${commit} of ${year}-${month}-${day}`;
}
