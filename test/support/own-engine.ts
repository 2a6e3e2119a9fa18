import { execFile, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { freePort } from "../../demo/free-port.ts";
import { dockerClient } from "../../platforms/docker/client.ts";
import { dockerd, programPath } from "../../toolchain/debian.ts";
import { type OwnProcess, startTimeOf, stop, systemFolders, tailOf } from "../../toolchain/processes.ts";
import { partsOfThisRun, until } from "./world.ts";

const execute = promisify(execFile);

/** Starts a program that is ours alone; its output goes to a file. */
export async function startOwn(argv: [string, ...string[]], log: string): Promise<OwnProcess> {
  const [program, ...args] = argv;
  const output = openSync(log, "a", 0o600);
  const env = { ...process.env, PATH: `${process.env.PATH ?? ""}:${systemFolders}` };
  const child = spawn(program, args, { stdio: ["ignore", output, output], cwd: "/", env });
  const pid = await new Promise<number>((resolve, reject) => {
    child.once("spawn", () => resolve(child.pid ?? 0));
    child.once("error", reject);
  });
  return { pid, started: (await startTimeOf(pid)) ?? "" };
}

/**
 * A Docker engine of a test's own beside the machine's: nothing of the other one is touched, so it may be frozen. It
 * listens on a socket and, with TLS, on a port of 127.0.0.1.
 */
export class OwnEngine {
  readonly folder: string;
  /** `unix://…` of its socket. */
  readonly host: string;
  /** `tcp://127.0.0.1:PORT`; only for who has a certificate. */
  readonly tcp: string;
  /** Folder with ca.pem, cert.pem and key.pem of a client that it accepts. */
  readonly certPath: string;
  readonly #process: OwnProcess;
  /** Of the machine's engine: the bridge that this one stands on. */
  readonly #network: Docker.Network;

  private constructor(folder: string, tcp: string, process: OwnProcess, network: Docker.Network) {
    this.folder = folder;
    this.host = `unix://${join(folder, "d.sock")}`;
    this.tcp = tcp;
    this.certPath = join(folder, "client");
    this.#process = process;
    this.#network = network;
  }

  static async start(): Promise<OwnEngine> {
    const program = programPath(dockerd);
    if (program === undefined) {
      throw new Error("There is no dockerd on this machine: `npm test` installs it with its set-up.");
    }
    // Short, because addresses of sockets end at 108 bytes.
    const folder = await mkdtemp("/tmp/cfe-");
    await makeCertificates(folder);
    const bridge = `cfe-${basename(folder).slice(-6)}`;
    const network = await makeBridge(bridge);
    const port = await freePort();
    const address = `tcp://127.0.0.1:${port}`;
    const log = join(folder, "dockerd.log");
    const server = join(folder, "server");
    const started = await startOwn(
      [
        program,
        ...[`--host=unix://${join(folder, "d.sock")}`, `--host=${address}`],
        ...["--tlsverify", `--tlscacert=${join(server, "ca.pem")}`],
        ...[`--tlscert=${join(server, "cert.pem")}`, `--tlskey=${join(server, "key.pem")}`],
        ...[`--data-root=${join(folder, "data")}`, `--exec-root=${join(folder, "exec")}`],
        `--pidfile=${join(folder, "pid")}`,
        // The machine's own engine keeps the firewall to itself, and docker0: an engine with `--bridge=none` removes it.
        ...[`--bridge=${bridge}`, "--iptables=false", "--ip6tables=false", "--ip-masq=false"],
        "--default-address-pool=base=10.219.0.0/16,size=24",
        "--log-level=warn",
      ],
      log,
    );
    const engine = new OwnEngine(folder, address, started, network);
    try {
      await until("the test's own engine answers", () => engine.#answers(), 60);
    } catch (error) {
      await engine.stop();
      throw new Error(`${error}\n${tailOf(log)}`);
    }
    return engine;
  }

  /** From now on it answers nothing, as an engine that hangs. Its containers run on. */
  freeze(): void {
    process.kill(this.#process.pid, "SIGSTOP");
  }

  thaw(): void {
    process.kill(this.#process.pid, "SIGCONT");
  }

  async stop(): Promise<void> {
    this.thaw();
    await stop(this.#process, 20_000);
    await this.#network.remove();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socketPath = join(this.folder, "d.sock");
      const ping = request({ socketPath, path: "/_ping", timeout: 2000 }, (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      ping.on("timeout", () => ping.destroy());
      ping.on("error", () => resolve(false));
      ping.end();
    });
  }
}

/** A bridge by this name, made by the machine's engine. */
async function makeBridge(name: string): Promise<Docker.Network> {
  const docker = dockerClient((await partsOfThisRun()).dockerHost);
  const options = { "com.docker.network.bridge.name": name };
  return docker.createNetwork({ Name: name, Driver: "bridge", Options: options });
}

/** An authority, a server at 127.0.0.1 and a client, each in a folder as Docker wants it. */
async function makeCertificates(folder: string): Promise<void> {
  const openssl = (...argv: string[]) => execute("openssl", argv, { cwd: folder });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(
    ...["req", "-x509", ...key, "-keyout", "ca-key.pem", "-out", "ca.pem", "-days", "2"],
    ...["-subj", "/CN=authority of a test"],
  );
  for (const [name, extensions] of [
    ["server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"],
    ["client", "extendedKeyUsage=clientAuth\n"],
  ] as const) {
    const place = join(folder, name);
    await mkdir(place, { mode: 0o700 });
    await writeFile(join(place, "extensions"), extensions);
    await openssl(
      ...["req", ...key, "-keyout", `${name}/key.pem`, "-out", `${name}/request.pem`],
      ...["-subj", `/CN=${name} of a test`],
    );
    await openssl(
      ...["x509", "-req", "-in", `${name}/request.pem`, "-CA", "ca.pem", "-CAkey", "ca-key.pem"],
      ...["-CAcreateserial", "-days", "2", "-extfile", `${name}/extensions`, "-out", `${name}/cert.pem`],
    );
    await execute("cp", ["ca.pem", join(name, "ca.pem")], { cwd: folder });
  }
}
