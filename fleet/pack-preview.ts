import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Output } from "./command.ts";
import { projectFolder } from "./project.ts";
import { runPulumi } from "./pulumi-command.ts";
import type { NamedStack } from "./stack.ts";

/** What one preview has printed, and the lines of its event log. */
export interface PrintedPreview {
  document: string;
  events: string[];
  /** What it said beside the document: of a preview that could not begin, why. */
  complaint: string;
}

export interface PackPreviewOptions {
  /** A file with the pack's configuration; undefined: the defaults of its rules. */
  policyConfig: string | undefined;
  /** Where a sign of life goes. */
  progress: Output;
}

/** Seconds. A stack of a thousand resources takes some minutes. */
const previewDeadline = 3600;

/** Milliseconds between two looks at how far it has come, and the longest silence where nobody watches a line change. */
const look = 1000;
const longestSilence = 8000;

/**
 * Runs `pulumi preview` with the policy pack, once. Not through the Automation API, which knows no `--json`: only that
 * document has the options and the hooks of each resource, and only the event log has the outputs of components and the
 * verdicts of the pack. The log's folder is readable by its owner alone, and removed afterwards.
 */
export async function previewWithPack(
  named: NamedStack,
  options: PackPreviewOptions,
): Promise<PrintedPreview> {
  const folder = await mkdtemp(join(tmpdir(), "clawforce-review-"));
  try {
    const log = join(folder, "events.jsonl");
    const watched = new Progress(log, options.progress);
    // Ctrl-C reaches the engine as well; it ends by itself, and this process has to remove the log.
    const stay = () => options.progress.write("interrupted: pulumi preview ends as soon as it can\n");
    process.on("SIGINT", stay);
    try {
      const argv = previewArgs(named, options.policyConfig, log);
      const ended = await runPulumi(argv, previewDeadline, { env: engineEnvironment() });
      return { document: ended.stdout, complaint: ended.stderr, events: await linesOf(log) };
    } finally {
      process.off("SIGINT", stay);
      watched.end();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function previewArgs(
  { stack, configFile }: NamedStack,
  policyConfig: string | undefined,
  log: string,
): string[] {
  return [
    ...["preview", "--json", "--show-sames", "--non-interactive", "--color", "never", "--suppress-progress"],
    ...["--stack", stack, ...(configFile === undefined ? [] : ["--config-file", resolve(configFile)])],
    ...["--policy-pack", join(projectFolder, "policies")],
    ...(policyConfig === undefined ? [] : ["--policy-pack-config", policyConfig]),
    ...["--event-log", log],
  ];
}

/** The engine has `--event-log` only with the first of these; with the second it would print another document. */
function engineEnvironment(): NodeJS.ProcessEnv {
  const { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: _, ...environment } = process.env;
  return { ...environment, PULUMI_DEBUG_COMMANDS: "true" };
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "");
}

/** Says how many resources the engine has looked at so far. */
class Progress {
  readonly #file: string;
  readonly #out: Output & { isTTY?: boolean };
  readonly #began = Date.now();
  readonly #timer: NodeJS.Timeout;
  #read = 0;
  #resources = 0;
  #lastWrite = Date.now();

  constructor(file: string, out: Output) {
    this.#file = file;
    this.#out = out;
    this.#timer = setInterval(() => void this.#look(), look);
  }

  end(): void {
    clearInterval(this.#timer);
    if (this.#out.isTTY === true) this.#out.write("\r\u001b[K");
  }

  async #look(): Promise<void> {
    this.#resources += await this.#newResources().catch(() => 0);
    const line = `previewing: ${this.#resources} resources, ${Math.round((Date.now() - this.#began) / 1000)} s`;
    if (this.#out.isTTY === true) {
      this.#out.write(`\r\u001b[K${line}`);
    } else if (Date.now() - this.#lastWrite >= longestSilence) {
      this.#lastWrite = Date.now();
      this.#out.write(`${line}\n`);
    }
  }

  /** Reads on where the last look ended: the log of a large stack has some 20 MB. */
  async #newResources(): Promise<number> {
    await using file = await open(this.#file);
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.max(0, size - this.#read));
    await file.read(buffer, 0, buffer.length, this.#read);
    this.#read = size;
    return buffer.toString("latin1").split('"policyAnalyzeSummaryEvent"').length - 1;
  }
}
