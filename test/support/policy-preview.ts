import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { projectFolder } from "../../fleet/project.ts";
import { type Edit, withEdits } from "./edited-program.ts";
import type { Run } from "./outcome.ts";
import { partsOfThisRun, runProgram, type World } from "./world.ts";

/** What a rule has said of a resource, as the engine hands it on. */
export interface Violation {
  rule: string;
  level: "mandatory" | "advisory";
  /** Its name in the program; of a violation without a resource that of the stack. */
  resource: string;
  /** The rule's own line, without the description that the engine prints above it. */
  message: string;
}

export interface PolicedRun extends Run {
  /** In the order of rule and message: that of the events differs from run to run. */
  violations: Violation[];
}

/** By the name of a rule: its settings, or its level alone. */
export type PackConfig = Record<string, object | string>;

/** A stack that the engine can be asked about: a `World`, or a program of a test's own. */
export interface Policed {
  folder: string;
  stackFlags(): string[];
  pulumi(argv: string[]): Promise<Run>;
}

export const packFolder = join(projectFolder, "policies");

/** Runs the engine with the pack of this project and reads from the engine's events what its rules said. */
export async function policed(
  stack: Policed,
  what: "preview" | "up",
  { config = {}, flags = [] }: { config?: PackConfig; flags?: string[] } = {},
): Promise<PolicedRun> {
  const configFile = join(stack.folder, "pack.json");
  const events = join(stack.folder, "pack-events.json");
  await writeFile(configFile, JSON.stringify(config));
  await rm(events, { force: true });
  const ran = await stack.pulumi([
    what,
    "--non-interactive",
    ...(what === "up" ? ["--yes"] : []),
    ...["--policy-pack", packFolder, "--policy-pack-config", configFile, "--event-log", events],
    ...stack.stackFlags(),
    ...flags,
  ]);
  const log = await readFile(events, "utf8").catch(() => "");
  return { ...ran, violations: violationsIn(log) };
}

interface PolicyEvent {
  policyEvent?: {
    resourceUrn?: string;
    message: string;
    policyName: string;
    enforcementLevel: Violation["level"];
  };
}

function violationsIn(log: string): Violation[] {
  const events = log.split("\n").filter((line) => line !== "");
  const violations = events.flatMap((line) => {
    const { policyEvent } = JSON.parse(line) as PolicyEvent;
    if (policyEvent === undefined) return [];
    const { policyName, enforcementLevel, resourceUrn = "", message } = policyEvent;
    const own = message.slice(message.indexOf("\n") + 1).trimEnd();
    const resource = resourceUrn.split("::").at(-1) ?? "";
    return [{ rule: policyName, level: enforcementLevel, resource, message: own }];
  });
  const key = ({ rule, message }: Violation) => `${rule} ${message}`;
  return violations.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
}

/** The messages of one rule that refuse. */
export function refusalsBy(rule: string, { violations }: PolicedRun): string[] {
  return violations
    .filter((violation) => violation.rule === rule && violation.level === "mandatory")
    .map(({ message }) => message);
}

/** Those of which at least one message refuses. */
export function rulesThatRefuse({ violations }: PolicedRun): string[] {
  return [...new Set(violations.filter(({ level }) => level === "mandatory").map(({ rule }) => rule))];
}

/** The lines that the engine prints of its policies for a person, without those about progress. */
export function printedPolicies({ output }: Run): string {
  const begin = output.indexOf("Policies:\n");
  const end = output.indexOf("\nDiagnostics:", begin);
  return begin < 0 ? "" : output.slice(begin, end < 0 ? undefined : end).trimEnd();
}

const prelude = `import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
const host = { provider: new docker.Provider("host", { host: process.env.DOCKER_HOST as string }) };
`;

/** A program that is not ours, with a stack of its own: what a rule says of any program that touches the fleet. */
export class ForeignProgram implements Policed {
  readonly folder: string;
  readonly #environment: Record<string, string>;

  private constructor(folder: string, environment: Record<string, string>) {
    this.folder = folder;
    this.#environment = environment;
  }

  /** No other test has it: for what really gets made. */
  get name(): string {
    return this.folder.slice(this.folder.lastIndexOf("/") + 1).toLowerCase();
  }

  static async create(): Promise<ForeignProgram> {
    const folder = await mkdtemp(join(tmpdir(), "clawforce-foreign-"));
    const { environment } = await partsOfThisRun();
    const program = new ForeignProgram(folder, {
      ...(process.env as Record<string, string>),
      ...environment,
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "a passphrase of the tests",
      // Without it the engine has no `--event-log`.
      PULUMI_DEBUG_COMMANDS: "true",
    });
    await mkdir(join(folder, "state"), { mode: 0o700 });
    await symlink(join(projectFolder, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    const runtime = { name: "nodejs", options: { typescript: false } };
    await writeFile(join(folder, "Pulumi.yaml"), stringify({ name: "foreign", main: "program.ts", runtime }));
    await program.write("");
    await program.#must(["stack", "init", "--no-select", ...program.stackFlags()]);
    return program;
  }

  /** @param body - TypeScript; it has `docker`, `pulumi`, and in `host` the options of what stands on the Docker host. */
  async write(body: string): Promise<void> {
    await writeFile(join(this.folder, "program.ts"), `${prelude}${body}`);
  }

  /** What the pack says of a program at preview. */
  async judged(body: string, config: PackConfig = {}): Promise<PolicedRun> {
    await this.write(body);
    return policed(this, "preview", { config });
  }

  stackFlags(): string[] {
    return ["--stack", "foreign"];
  }

  pulumi(argv: string[]): Promise<Run> {
    return runProgram("pulumi", argv, this.#environment, { folder: this.folder });
  }

  async destroy(): Promise<void> {
    await this.#must(["destroy", "--yes", "--non-interactive", ...this.stackFlags()]);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #must(argv: string[]): Promise<void> {
    const { code, output } = await this.pulumi(argv);
    if (code !== 0) throw new Error(`pulumi ${argv.join(" ")} ended with ${code}:\n${output}`);
  }
}

/** What the pack says of our own program with an edit that no configuration can make, on the stack of a world. */
export async function judgedWith(
  world: World,
  edits: readonly Edit[],
  config: PackConfig,
  ...flags: string[]
): Promise<PolicedRun> {
  return withEdits(edits, (folder) => {
    const edited: Policed = {
      folder,
      stackFlags: () => world.stackFlags(),
      pulumi: (argv) => runProgram("pulumi", argv, world.environment(), { folder }),
    };
    return policed(edited, "preview", { config, flags });
  });
}
