import { generateKeyPairSync, randomBytes } from "node:crypto";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument, stringify } from "yaml";
import { projectFolder } from "../fleet/project.ts";
import { runPulumi } from "../fleet/pulumi-command.ts";
import { type DemoParts, demoSettings, instances, stackName } from "./settings.ts";

/** The stack of the demo: its configuration, backend, secrets, evidence and snapshots stand together in one folder. */
export class DemoStack {
  readonly folder: string;
  readonly dockerHost: string;
  readonly environment: Record<string, string>;
  readonly ingressPort: number;
  /** Of the control plane. */
  readonly account = { username: "admin", password: secret() };

  private constructor(parts: DemoParts, environment: Record<string, string>) {
    this.folder = parts.folder;
    this.dockerHost = parts.dockerHost;
    this.ingressPort = parts.ingressPort;
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
    const { privateKey } = generateKeyPairSync("ed25519");
    await writeFile(
      join(parts.folder, "evidence-key.pem"),
      privateKey.export({ type: "pkcs8", format: "pem" }),
      { mode: 0o600 },
    );
    await demo.#setSecret("clawforce:snapshotPassword", secret());
    await demo.#setSecret("clawforce:controlPlanePassword", demo.account.password);
    for (const instance of instances) {
      await demo.#setSecret(`clawforce:gatewayTokens.${instance}`, secret());
    }
    return demo;
  }

  get configFile(): string {
    return join(this.folder, "project", `Pulumi.${stackName}.yaml`);
  }

  /** Changes one setting, as an operator does in a reviewed commit. */
  async set(path: string, value: string | number): Promise<void> {
    const [key = "", ...rest] = path.split(".");
    const document = parseDocument(await readFile(this.configFile, "utf8"));
    document.setIn(["config", key, ...rest], value);
    await writeFile(this.configFile, document.toString(), { mode: 0o600 });
  }

  #setSecret(path: string, value: string): Promise<void> {
    return this.#pulumi(
      ["config", "set", "--secret", "--path", path, "--stack", stackName, "--config-file", this.configFile],
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

function secret(): string {
  return randomBytes(24).toString("base64url");
}
