import { execFile, spawn } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../demo/free-port.ts";
import { cacheFolder, openCache } from "../../toolchain/cache.ts";
import { installProgram, programPath, sshd } from "../../toolchain/debian.ts";
import { type OwnProcess, stop, tailOf } from "../../toolchain/processes.ts";
import { startOwn } from "./own-engine.ts";
import { until } from "./world.ts";

const execute = promisify(execFile);

/** A real sshd on a port of 127.0.0.1 with keys of its own; it lets this user in with the key `identityFile`. */
export class SshServer {
  readonly port: number;
  readonly folder: string;
  /** The private key that it accepts. */
  readonly identityFile: string;
  /** A file with its host key, its name hashed. */
  readonly knownHosts: string;
  readonly #process: OwnProcess;

  private constructor(port: number, folder: string, process: OwnProcess) {
    this.port = port;
    this.folder = folder;
    this.identityFile = join(folder, "client");
    this.knownHosts = join(folder, "known_hosts");
    this.#process = process;
  }

  static async start(): Promise<SshServer> {
    const cache = openCache(cacheFolder(process.env));
    const program = programPath(sshd) ?? (await installProgram(cache, sshd, () => {}));
    const folder = await mkdtemp(join(tmpdir(), "clawforce-ssh-"));
    await chmod(folder, 0o700);
    for (const name of ["host", "client"]) {
      await execute("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, name)]);
    }
    await copyFile(join(folder, "client.pub"), join(folder, "authorized_keys"));
    const port = await freePort();
    const config = [
      ...["ListenAddress 127.0.0.1", `Port ${port}`, `HostKey ${join(folder, "host")}`],
      ...[`AuthorizedKeysFile ${join(folder, "authorized_keys")}`, "StrictModes no", "UsePAM no"],
      ...["PidFile none", "PasswordAuthentication no", "KbdInteractiveAuthentication no"],
    ];
    await writeFile(join(folder, "config"), `${config.join("\n")}\n`);
    // Where it separates its privileges; a system's own service makes it at each boot.
    if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    const log = join(folder, "log");
    const started = await startOwn([program, "-D", "-e", "-f", join(folder, "config")], log);
    const server = new SshServer(port, folder, started);
    try {
      await until("the test's own sshd listens", () => listens(port));
    } catch (error) {
      await server.stop();
      throw new Error(`${error}\n${tailOf(log)}`);
    }
    await writeFile(server.knownHosts, await server.hostLine("host"));
    await execute("ssh-keygen", ["-H", "-f", server.knownHosts]);
    return server;
  }

  /** `ssh://USER@127.0.0.1:PORT` and the path of a socket. */
  address(socket: string): string {
    return `ssh://${userInfo().username}@127.0.0.1:${this.port}${socket}`;
  }

  /** The line of known_hosts that gives this server the public key of a pair in its folder. */
  async hostLine(pair: string): Promise<string> {
    return `[127.0.0.1]:${this.port} ${await readFile(join(this.folder, `${pair}.pub`), "utf8")}`;
  }

  /** An agent that has the client's key: `SSH_AUTH_SOCK`, and how to end it. */
  async agent(): Promise<{ socket: string; end: () => void }> {
    const socket = join(this.folder, "agent");
    const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    await until("the agent has the key", () =>
      execute("ssh-add", ["-q", this.identityFile], { env }).then(
        () => true,
        () => false,
      ),
    );
    return { socket, end: () => child.kill() };
  }

  async stop(): Promise<void> {
    await stop(this.#process, 5000);
    await rm(this.folder, { recursive: true, force: true });
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
