import { readFile } from "node:fs/promises";
import { messageOf, OperationFailure } from "../../failure.ts";
import type { JobResult, Platform } from "../../platform.ts";
import type { Cut, IngressProxy, IngressService, ProxyRequest, Question, Target } from "../../proxy.ts";
import { until } from "../../until.ts";
import { cutRequests, requestsIn } from "./request-log.ts";
import { parseServices } from "./services-table.ts";

/** A turn of a model can take minutes; the proxy's own 30 s would cut it. Seconds. */
const answerTimeout = 600;
/** Seconds that a gateway which has passed its gate may take to answer the proxy as well. */
const healthyTimeout = 15;
/** Seconds for a command that waits for nothing. */
const commandTimeout = 10;

/** What it asks of the platform that runs it. */
type KamalPlatform = Pick<Platform, "unit" | "exec" | "logs" | "logReachesBack" | "describe" | "words">;

/** A running kamal-proxy, through its own command in its container: argument lists, never text from input. */
export class KamalProxy implements IngressProxy {
  readonly #platform: KamalPlatform;
  readonly #container: string;
  readonly #patience: number;

  /** @param patience seconds that a proxy which was killed may take until it is back and listens; default 15 */
  constructor(platform: KamalPlatform, container: string, { patience = 15 } = {}) {
    this.#platform = platform;
    this.#container = container;
    this.#patience = patience;
  }

  async services(): Promise<Map<string, IngressService>> {
    return parseServices(await this.#command(["list"], commandTimeout));
  }

  /** Makes a service known, or sends its requests to another target; held stays held. `wait`: only once the target answers. */
  async deploy(service: string, target: Target, { wait }: { wait: boolean }): Promise<void> {
    const argv = [
      ...["deploy", service],
      ...["--target", target.address],
      ...target.hosts.flatMap((host) => ["--host", host]),
      ...["--health-check-path", target.healthPath],
      ...["--health-check-interval", "200ms"],
      ...["--deploy-timeout", `${healthyTimeout}s`],
      ...["--drain-timeout", `${target.drain}s`],
      ...["--target-timeout", `${answerTimeout}s`],
      ...(wait ? [] : ["--force"]),
    ];
    await this.#command(argv, healthyTimeout + target.drain + commandTimeout);
  }

  /** Holds new requests, `longest` seconds each at most, and waits `drain` seconds for those under way. */
  async pause(service: string, drain: number, longest: number): Promise<void> {
    const argv = ["pause", service, "--drain-timeout", `${drain}s`, "--max-pause", `${longest}s`];
    await this.#command(argv, drain + commandTimeout);
  }

  async resume(service: string): Promise<void> {
    await this.#command(["resume", service], commandTimeout);
  }

  async remove(service: string): Promise<void> {
    await this.#command(["remove", service], commandTimeout);
  }

  /** From now on the proxy itself ends the hold after so many seconds: see scripts/keep-deadlines.sh. */
  async setDeadline(service: string, seconds: number): Promise<void> {
    await this.#script("set-deadline", [service, String(Math.ceil(seconds))]);
  }

  /** Takes the deadline back. When the proxy is just about to act on it, waits until it has. */
  async clearDeadline(service: string): Promise<void> {
    await this.#script("forget-deadline", [service]);
  }

  /** Requests of a service that are under way or held; undefined when the proxy does not count them. */
  async inFlight(service: string): Promise<number | undefined> {
    try {
      const text = await this.#script("metrics", []);
      const line = text
        .split("\n")
        .find((each) => each.startsWith(`kamal_proxy_http_in_flight_requests{service="${service}"}`));
      return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(" ") + 1));
    } catch {
      return undefined;
    }
  }

  async ask({ address, path, host, forwarded }: Question): Promise<{ status: number; body: string }> {
    const at = address.lastIndexOf(":");
    const place = [address.slice(0, at), address.slice(at + 1), path, host];
    const answer = await this.#script("ask", [...place, forwarded ? "forwarded" : "plain"]);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]);
    if (Number.isNaN(status)) {
      throw new OperationFailure(`${address} gives the ingress ${this.#container} no HTTP answer`);
    }
    return { status, body: answer.slice(answer.indexOf("\r\n\r\n") + 4) };
  }

  requests({ since, deadline }: { since: Date; deadline: number }): AsyncIterable<ProxyRequest> {
    return requestsIn(this.#platform.logs(this.#container, { since, deadline }));
  }

  requestsReachBack(time: Date, deadline: number): Promise<boolean> {
    return this.#platform.logReachesBack(this.#container, time, deadline);
  }

  cut(
    service: string,
    address: string,
    { since, until, deadline }: { since: Date; until: Date; deadline: number },
  ): Promise<Cut> {
    const lines = this.#platform.logs(this.#container, { since, deadline });
    const period = { since: since.toISOString(), until: until.toISOString() };
    return cutRequests(lines, { service, address, ...period });
  }

  async #command(argv: string[], timeout: number): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#exec(["kamal-proxy", ...argv], timeout);
    if (exitCode !== 0) {
      const reason = stderr.trim().replace(/^Error: /, "") || `exit code ${exitCode}`;
      throw new OperationFailure(
        `the ingress ${this.#container} refused \`${argv[0]}\`: ${reason}. Its log: ${this.#platform.words.logCommand(this.#container)}`,
      );
    }
    return stdout;
  }

  async #script(
    name: "ask" | "set-deadline" | "forget-deadline" | "metrics",
    args: string[],
  ): Promise<string> {
    const text = await readFile(new URL(`scripts/${name}.sh`, import.meta.url), "utf8");
    const argv = ["bash", "-c", text, name, ...args];
    const { exitCode, stdout, stderr } = await this.#exec(argv, commandTimeout);
    if (exitCode !== 0) {
      throw new OperationFailure(
        `${name} failed in the ingress ${this.#container}: ${stderr.trim() || stdout.trim()}. Its image needs bash.`,
      );
    }
    return stdout;
  }

  /** Everything that it is asked may be asked twice: so one that is just restarting is waited for. */
  async #exec(argv: string[], timeout: number): Promise<JobResult> {
    return until(
      async () => {
        const found = await this.#try(argv, timeout);
        if (typeof found === "string") return { waitsFor: found };
        return isCut(found) ? { waitsFor: found.stderr.trim() || "it ended meanwhile" } : { found };
      },
      {
        deadline: this.#patience,
        interval: 0.2,
        late: (reason) =>
          new OperationFailure(
            `the ingress ${this.#container} can't be asked: ${reason}. Start it ` +
              `(\`docker start ${this.#container}\`, or \`pulumi up\`), then try again.`,
          ),
      },
    );
  }

  /** The result, or why Docker could not run it. */
  async #try(argv: string[], timeout: number): Promise<JobResult | string> {
    try {
      return await this.#platform.exec(this.#container, argv, { deadline: timeout });
    } catch (error) {
      if (error instanceof OperationFailure) {
        throw new OperationFailure(`the ingress ${this.#container} does not answer: ${messageOf(error)}`);
      }
      if ((await this.#platform.unit(this.#container)) === undefined) {
        throw new OperationFailure(
          `there is no container ${this.#container}: \`pulumi up\` creates the ingress.`,
        );
      }
      return this.#platform.describe(error);
    }
  }
}

/** It was killed meanwhile, or its process is not there yet: no refusal, which always has a reason. */
function isCut({ exitCode, stderr }: JobResult): boolean {
  return exitCode !== 0 && (stderr === "" || /dial unix|unexpected EOF|connection is shut down/.test(stderr));
}
