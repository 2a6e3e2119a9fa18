import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, CommandFailure, type Invocation } from "./command.ts";
import { engineLines } from "./failure-lines.ts";

/** Rules that judge an update before it begins. */
export interface PolicyPack {
  folder: string;
  /** How strict the rules are; undefined: as they are by default. */
  configFile: string | undefined;
}

/** Of the commands that let a pack judge what they do. */
export const policyFlags = {
  "policy-pack": {
    type: "string",
    value: "FOLDER",
    does: "the policy pack that has to pass this first, as in `pulumi up`",
  },
  "policy-pack-config": { type: "string", value: "FILE", does: "how strict the rules of the pack are" },
} as const satisfies Command["flags"];

/** The pack that the flags name; a relative path counts from where the command was typed. */
export function policyPackOf(flags: Invocation["flags"]): PolicyPack | undefined {
  const { "policy-pack": folder, "policy-pack-config": configFile } = flags;
  if (typeof folder !== "string") {
    if (configFile === undefined) return undefined;
    throw new CommandFailure(
      "--policy-pack-config says how strict a pack is: name the pack too, as in `--policy-pack policies`.",
    );
  }
  if (!existsSync(join(folder, "PulumiPolicy.yaml"))) {
    throw new CommandFailure(
      `--policy-pack ${folder}: there is no PulumiPolicy.yaml in it, so nothing could judge. Write the folder of the pack, as in \`--policy-pack policies\`.`,
    );
  }
  if (typeof configFile === "string" && !existsSync(configFile)) {
    throw new CommandFailure(
      `--policy-pack-config ${configFile}: there is no such file. Write one like policies/production.json.`,
    );
  }
  return {
    folder: resolve(folder),
    configFile: typeof configFile === "string" ? resolve(configFile) : undefined,
  };
}

/** As the Automation API takes it. */
export function policyOptions(pack: PolicyPack | undefined): {
  policyPacks?: string[];
  policyPackConfigs?: string[];
} {
  if (pack === undefined) return {};
  const { folder, configFile } = pack;
  return { policyPacks: [folder], ...(configFile !== undefined && { policyPackConfigs: [configFile] }) };
}

/** What the engine printed of the rules: the packs that judged, and each violation. */
export function policyLines(output: string): string[] {
  const lines = output.split("\n");
  const begin = lines.findIndex((line) => /^Policies:\s*$/.test(line));
  if (begin === -1) return [];
  const length = lines.slice(begin).findIndex((line) => line.trim() === "");
  return lines.slice(begin, length === -1 ? undefined : begin + length).map((line) => line.trimEnd());
}

/** What stopped a preview: the violations, or, where no rule refused, the engine's own errors. */
export function refusalLines(output: string): string[] {
  const said = policyLines(output);
  return said.some((line) => line.includes("- [mandatory]")) ? said : engineLines(output);
}
