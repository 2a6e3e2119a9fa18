import { readFileSync } from "node:fs";
import { Agent, type ClientRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { connect as connectSecured } from "node:tls";
import { OperationFailure } from "../failure.ts";
import { certificateFolder, type DockerAccess } from "./access.ts";
import { SshStream } from "./ssh-stream.ts";

/** A connection that nobody has used for so long is closed. Milliseconds. */
const idle = 5000;

/** Connections to one engine, whatever the way to it; what is asked goes through them as plain HTTP. */
class EngineAgent extends Agent {
  readonly #open: () => Duplex;
  readonly #idle = new WeakMap<Duplex, NodeJS.Timeout>();

  constructor(open: () => Duplex) {
    super({ keepAlive: true });
    this.#open = open;
  }

  override createConnection(): Duplex {
    return this.#open();
  }

  /** Says that the connection is kept, which the types leave out. */
  override keepSocketAlive(socket: Duplex): boolean {
    super.keepSocketAlive(socket);
    this.#idle.set(socket, setTimeout(() => socket.destroy(), idle).unref());
    return true;
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    clearTimeout(this.#idle.get(socket));
    super.reuseSocket(socket, request);
  }
}

const agents = new Map<string, Agent>();

/** The connections to a Docker host: one pool in this process for each way to a host. */
export function connectionsTo(host: string, access: DockerAccess): Agent {
  const key = JSON.stringify([host, access.ssh, certificateFolder(host, access, process.env)]);
  const known = agents.get(key);
  if (known !== undefined) return known;
  const made = new EngineAgent(wayTo(host, access));
  agents.set(key, made);
  return made;
}

function wayTo(host: string, access: DockerAccess): () => Duplex {
  const url = new URL(host);
  if (url.protocol === "unix:") return () => connect(url.pathname);
  if (url.protocol === "ssh:") return () => new SshStream(host, access.ssh);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const folder = certificateFolder(host, access, process.env);
  if (folder === undefined) {
    return () => connect({ host: hostname, port: Number(url.port || 2375) });
  }
  const material = {
    ca: certificate(folder, "ca.pem"),
    cert: certificate(folder, "cert.pem"),
    key: certificate(folder, "key.pem"),
  };
  return () => connectSecured({ host: hostname, port: Number(url.port || 2376), ...material });
}

function certificate(folder: string, name: string): Buffer {
  const file = join(folder, name);
  try {
    return readFileSync(file);
  } catch (error) {
    throw new OperationFailure(
      `${file} can't be read (${(error as NodeJS.ErrnoException).code}). A tcp:// host with TLS needs ca.pem, cert.pem and key.pem in ` +
        "clawforce:platform.tls.certPath, or in DOCKER_CERT_PATH.",
    );
  }
}
