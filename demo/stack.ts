import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation/index.js";
import { parseDocument, stringify } from "yaml";
import { EvidenceLog } from "../evidence/log.ts";
import type { EvidenceRecord } from "../evidence/records.ts";
import { openStack, projectFolder } from "../fleet/engine.ts";
import { messageOf } from "../operations/failure.ts";
import { type DemoParts, demoSettings, instances, stackName } from "./settings.ts";

/** The stack of the demo: its configuration, backend, secrets, evidence and snapshots stand together in one folder. */
export class DemoStack {
  readonly folder: string;
  readonly dockerHost: string;
  readonly environment: Record<string, string>;
  #engine: Promise<Stack> | undefined;

  private constructor(parts: DemoParts, environment: Record<string, string>) {
    this.folder = parts.folder;
    this.dockerHost = parts.dockerHost;
    this.environment = {
      ...environment,
      PULUMI_BACKEND_URL: `file://${join(parts.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: join(parts.folder, "passphrase"),
    };
  }

  /**
   * Makes an empty stack; the folder must not be there.
   *
   * @param environment added to the engine's, so that it finds its plugins.
   */
  static async create(parts: DemoParts, environment: Record<string, string>): Promise<DemoStack> {
    const demo = new DemoStack(parts, environment);
    for (const each of ["", "project", "state", "repositories", "evidence"]) {
      await mkdir(join(parts.folder, each), { recursive: true, mode: 0o700 });
    }
    await writeFile(join(parts.folder, "passphrase"), secret(), { mode: 0o600 });
    const project = join(parts.folder, "project");
    await copyFile(join(projectFolder, "Pulumi.yaml"), join(project, "Pulumi.yaml"));
    await demo.#pulumi(["stack", "init", stackName, "--no-select", "--cwd", project]);
    // `stack init` has written the encryption's salt into the file: the settings are added to it.
    const file = parseDocument(await readFile(demo.configFile, "utf8").catch(() => "{}"));
    await writeFile(demo.configFile, stringify({ ...file.toJS(), config: demoSettings(parts) }), {
      mode: 0o600,
    });
    await demo.#setSecret("clawforce:snapshotPassword");
    for (const instance of instances) {
      await demo.#setSecret(`clawforce:gatewayTokens.${instance}`);
    }
    return demo;
  }

  get configFile(): string {
    return join(this.folder, "project", `Pulumi.${stackName}.yaml`);
  }

  get evidenceFolder(): string {
    return join(this.folder, "evidence");
  }

  /** Changes one setting, as an operator does in a reviewed commit. */
  async set(path: string, value: string | number): Promise<void> {
    const [key = "", ...rest] = path.split(".");
    const document = parseDocument(await readFile(this.configFile, "utf8"));
    document.setIn(["config", key, ...rest], value);
    await writeFile(this.configFile, document.toString(), { mode: 0o600 });
  }

  /** `pulumi up`. Returns the engine's own words too; a failed update is an answer, not an error. */
  async up(onEvent: (event: EngineEvent) => void): Promise<{ passed: boolean; output: string }> {
    this.#engine ??= openStack({ stack: stackName, environment: this.environment });
    const engine = await this.#engine;
    let output = "";
    const onOutput = (text: string) => {
      output += text;
    };
    try {
      await engine.up({
        configFile: this.configFile,
        color: "never",
        suppressOutputs: true,
        // Else the engine looks into its history with secrets, for which it leaves a stack file in the work tree.
        showSecrets: false,
        onEvent,
        onOutput,
        onError: onOutput,
      });
      return { passed: true, output };
    } catch (error) {
      return {
        passed: false,
        output: output.includes("Diagnostics:") ? output : `${output}\n${messageOf(error)}`,
      };
    }
  }

  async records(instance: string): Promise<EvidenceRecord[]> {
    return new EvidenceLog(this.evidenceFolder, stackName, instance).read();
  }

  #setSecret(path: string): Promise<void> {
    return this.#pulumi(
      ["config", "set", "--secret", "--path", path, "--stack", stackName, "--config-file", this.configFile],
      secret(),
    );
  }

  async #pulumi(argv: string[], stdin = ""): Promise<void> {
    const child = spawn("pulumi", [...argv, "--non-interactive"], {
      cwd: projectFolder,
      env: { ...process.env, ...this.environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        output += chunk;
      });
    }
    child.stdin.end(stdin);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (code !== 0) {
      throw new Error(`pulumi ${argv.join(" ")} ended with exit code ${code}:\n${output.trim()}`);
    }
  }
}

function secret(): string {
  return randomBytes(24).toString("base64url");
}
