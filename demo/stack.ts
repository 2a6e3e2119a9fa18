import { generateKeyPairSync, randomBytes } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument, stringify } from "yaml";
import { projectFolder } from "../fleet/project.ts";
import { runPulumi } from "../fleet/pulumi-command.ts";

export interface DemoStackParts {
  /** Of the stack. */
  name: string;
  /** Outside the work tree. */
  folder: string;
  /** The stack file's. */
  settings: Record<string, unknown>;
  /** Key of the configuration -> value. */
  secrets: Record<string, string>;
}

/** The stack of a demo: its configuration, backend, secrets, evidence and snapshots stand together in one folder. */
export class DemoStack {
  readonly name: string;
  readonly folder: string;
  readonly environment: Record<string, string>;

  private constructor({ name, folder }: DemoStackParts, environment: Record<string, string>) {
    this.name = name;
    this.folder = folder;
    this.environment = {
      ...environment,
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, "passphrase"),
    };
  }

  /**
   * Makes an empty stack; the folder must not be there.
   *
   * @param environment added to the engine's, so that it finds its plugins.
   */
  static async create(parts: DemoStackParts, environment: Record<string, string>): Promise<DemoStack> {
    const demo = new DemoStack(parts, environment);
    for (const each of ["", "project", "state", "repositories", "evidence"]) {
      await mkdir(join(parts.folder, each), { recursive: true, mode: 0o700 });
    }
    await writeFile(join(parts.folder, "passphrase"), secret(), { mode: 0o600 });
    const project = join(parts.folder, "project");
    await copyFile(join(projectFolder, "Pulumi.yaml"), join(project, "Pulumi.yaml"));
    await demo.#pulumi(["stack", "init", parts.name, "--no-select", "--cwd", project]);
    // `stack init` has written the encryption's salt into the file: the settings are added to it.
    const file = parseDocument(await readFile(demo.configFile, "utf8").catch(() => "{}"));
    await writeFile(demo.configFile, stringify({ ...file.toJS(), config: parts.settings }), { mode: 0o600 });
    const { privateKey } = generateKeyPairSync("ed25519");
    await writeFile(
      join(parts.folder, "evidence-key.pem"),
      privateKey.export({ type: "pkcs8", format: "pem" }),
      { mode: 0o600 },
    );
    for (const [path, value] of Object.entries(parts.secrets)) await demo.#setSecret(path, value);
    return demo;
  }

  get configFile(): string {
    return join(this.folder, "project", `Pulumi.${this.name}.yaml`);
  }

  /** Changes one setting, as an operator does in a reviewed commit. */
  async set(path: string, value: unknown): Promise<void> {
    const [key = "", ...rest] = path.split(".");
    const document = parseDocument(await readFile(this.configFile, "utf8"));
    document.setIn(["config", key, ...rest], value);
    await writeFile(this.configFile, document.toString(), { mode: 0o600 });
  }

  #setSecret(path: string, value: string): Promise<void> {
    return this.#pulumi(
      ["config", "set", "--secret", "--path", path, "--stack", this.name, "--config-file", this.configFile],
      value,
    );
  }

  async #pulumi(argv: string[], input = ""): Promise<void> {
    const env = { ...process.env, ...this.environment };
    const { code, stdout, stderr } = await runPulumi([...argv, "--non-interactive"], 300, { env, input });
    if (code !== 0) {
      throw new Error(
        `pulumi ${argv.join(" ")} ended with exit code ${code}:\n${`${stdout}${stderr}`.trim()}`,
      );
    }
  }
}

export function secret(): string {
  return randomBytes(24).toString("base64url");
}
