import { accessSync, constants, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parsedJson } from "../config/json.ts";
import { ConfigError } from "../config/problem.ts";
import { StackFileError } from "../config/stack-file.ts";
import { documentOf, summaryOf } from "../review/document.ts";
import { readPreview, UnreadablePreview } from "../review/preview.ts";
import { type Review, reviewOf } from "../review/review.ts";
import { type Command, CommandFailure } from "./command.ts";
import { reasonOf } from "./engine-access.ts";
import { type PrintedPreview, previewWithPack } from "./pack-preview.ts";
import { projectFolder } from "./project.ts";
import { configOf, type NamedStack } from "./stack.ts";

/** The command line or the configuration was not understood: nothing was previewed. */
const notUnderstood = 2;

export const review: Command = {
  name: "review",
  summary: "what a change would do, judged: a table for its pull request",
  help: `
Runs \`pulumi preview\` once, with the policy pack. Judges what the pack can't see: the operations, and each resource
before and after. Prints a Markdown document for the pull request; progress and a summary go to stderr. Changes nothing.
The pack is configured by --policy-config. Without it, policies/<environment>.json is used if it exists.

Exit code 0: nothing is refused. 1: something is refused, or the preview could not be made. 2: the command line or the
configuration was not understood, nothing was previewed.`,
  flags: {
    "policy-config": { type: "string", value: "FILE", does: "the configuration of the policy pack" },
    markdown: { type: "string", value: "FILE", does: "write the document there and print only the summary" },
  },
  async run({ stack, configFile, flags, out, err }) {
    const named = { stack, configFile };
    let policyConfig: string | undefined;
    try {
      policyConfig = policyConfigOf(named, flags["policy-config"]);
    } catch (error) {
      if (!isProblem(error)) throw error;
      err.write(`${error.message}\n`);
      return notUnderstood;
    }
    const printed = await previewWithPack(named, { policyConfig, progress: err });
    const judged = judge(stack, printed, policyConfig, configOf(named).environment);
    const document = documentOf(judged);
    if (typeof flags.markdown === "string") {
      writeFileSync(flags.markdown, document);
    } else {
      out.write(document);
    }
    err.write(summaryOf(judged));
    return judged.refusals.length === 0 ? 0 : 1;
  },
};

function judge(
  stack: string,
  { document, events, complaint }: PrintedPreview,
  policyConfig: string | undefined,
  environment: string,
): Review {
  try {
    const config = policyConfig === undefined ? undefined : parsedJson(readFileSync(policyConfig, "utf8"));
    return reviewOf(stack, readPreview(document, events), config, environment);
  } catch (error) {
    if (!(error instanceof UnreadablePreview)) throw error;
    throw new CommandFailure(
      `The preview of ${stack} could not be made, so nothing is reviewed: ${reasonOf(new Error(complaint.trim()))}`,
    );
  }
}

/** @throws CommandFailure, ConfigError, StackFileError */
function policyConfigOf(named: NamedStack, flag: string | boolean | undefined): string | undefined {
  const { environment } = configOf(named);
  const file =
    typeof flag === "string" ? resolve(flag) : join(projectFolder, "policies", `${environment}.json`);
  if (flag === undefined && !existsSync(file)) return undefined;
  try {
    accessSync(file, constants.R_OK);
  } catch {
    throw new CommandFailure(
      `${file} can't be read: name the policy pack's configuration with --policy-config.`,
    );
  }
  if (parsedJson(readFileSync(file, "utf8")) === undefined) {
    throw new CommandFailure(
      `${file} is no JSON: see docs/policies.md for the configuration of the policy pack.`,
    );
  }
  return file;
}

function isProblem(error: unknown): error is Error {
  return [CommandFailure, ConfigError, StackFileError].some((kind) => error instanceof kind);
}
