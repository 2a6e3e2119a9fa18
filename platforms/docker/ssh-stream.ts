import { type ChildProcessByStdio, spawn } from "node:child_process";
import { Duplex, type Readable, type Writable } from "node:stream";
import { EngineFailure } from "../failure.ts";
import { type SshAccess, sshOptions } from "./access.ts";

/** As much as is kept of what ssh says of itself. Characters. */
const longestComplaint = 4000;

/**
 * The bytes to and from a far engine, through `ssh HOST docker system dial-stdio`: what the docker command and Pulumi's
 * docker provider do, so that agent, keys, known hosts and ssh_config are OpenSSH's own for all three.
 */
export class SshStream extends Duplex {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #complaint = "";

  constructor(host: string, access: SshAccess = {}) {
    super();
    // In a session of its own: a signal for our process group must not take the way to the engine from under us.
    this.#child = spawn("ssh", sshArguments(host, access), {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const { stdin, stdout, stderr } = this.#child;
    stdin.on("error", () => {});
    stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stderr.setEncoding("utf8");
    stderr.on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-longestComplaint);
    });
    this.#child.once("error", (error: NodeJS.ErrnoException) => {
      this.destroy(
        new EngineFailure(
          `The Docker host ${host} can't be reached: ssh can't be started (${error.code})`,
          "Install the OpenSSH client on this machine.",
        ),
      );
    });
    this.#child.once("close", (code) => {
      if (code === 0) this.push(null);
      else this.destroy(sshFailure(host, access, this.#complaint));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // That the other side is gone is told by the end of the process, with a reason.
    this.#child.stdin.write(chunk, encoding, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  /** What an http.Agent asks of a connection that it keeps. */
  ref(): void {
    this.#child.ref();
    for (const pipe of this.#pipes()) pipe.ref?.();
  }

  unref(): void {
    this.#child.unref();
    for (const pipe of this.#pipes()) pipe.unref?.();
  }

  setKeepAlive(): void {}

  setNoDelay(): void {}

  setTimeout(): void {}

  /** Pipes are sockets, which the types do not say. */
  #pipes(): { ref?(): void; unref?(): void }[] {
    const { stdin, stdout, stderr } = this.#child;
    return [stdin, stdout, stderr] as { ref?(): void; unref?(): void }[];
  }
}

export function sshArguments(host: string, access: SshAccess = {}): string[] {
  const { username, hostname, port, pathname } = new URL(host);
  const socket = pathname.replace(/^\/$/, "");
  return [
    ...(username === "" ? [] : ["-l", decodeURIComponent(username)]),
    ...(port === "" ? [] : ["-p", port]),
    ...sshOptions(access),
    ...["-T", "--", hostname.replace(/^\[|\]$/g, "")],
    ...["docker", ...(socket === "" ? [] : [`--host=unix://${socket}`]), "system", "dial-stdio"],
  ];
}

/** What ssh has said, as one sentence with its remedy. */
export function sshFailure(
  host: string,
  { identityFile, knownHosts }: SshAccess,
  said: string,
): EngineFailure {
  const { username, hostname, port } = new URL(host);
  const file = knownHosts ?? "~/.ssh/known_hosts";
  const entry = port === "" || port === "22" ? hostname : `[${hostname}]:${port}`;
  const scan = `ssh-keyscan ${port === "" ? "" : `-p ${port} `}${hostname}`;
  if (/IDENTIFICATION HAS CHANGED/.test(said)) {
    return new EngineFailure(
      `The Docker host ${host} shows another host key than ${offending(said) ?? file} has for it. Somebody may stand in between, so nothing was sent`,
      `Ask whoever runs the host. Only if its key was really renewed, remove the old one: \`ssh-keygen -R '${entry}' -f ${file}\`. ` +
        `Then print the new one (\`${scan}\`), compare it with the one that they name, and add it to ${file}.`,
    );
  }
  if (/host key is known for|Host key verification failed/.test(said)) {
    return new EngineFailure(
      `The host key of the Docker host ${host} is not in ${file}, so nothing was sent`,
      `Print it: \`${scan}\`. Compare it with the one that whoever runs the host names. Only if they are the same, add the line to ${file}.`,
    );
  }
  if (/Permission denied|Too many authentication failures/.test(said)) {
    return new EngineFailure(
      `The Docker host ${host} refuses ${username === "" ? "this user" : username} (${lastLine(said)})`,
      identityFile === undefined
        ? "Load the key into the agent (`ssh-add -l` lists what it has), or name it in clawforce:platform.ssh.identityFile."
        : `Put the public key of ${identityFile} into that user's authorized_keys. If the key has a passphrase, load it into the agent: nobody is asked for it here.`,
    );
  }
  return new EngineFailure(
    `The Docker host ${host} can't be reached through ssh (${lastLine(said) || "the connection ended"})`,
    "Make sure that this works by hand: `ssh HOST docker version`.",
  );
}

/** The file and line that ssh blames. */
function offending(said: string): string | undefined {
  return /^Offending .* key in (\S+):\d+/m.exec(said)?.[1];
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
