import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeOrder } from "./node.ts";

const namespaces = ["--fork", "--pid", "--mount", "--net", "--uts", "--kill-child", "--mount-proc"];

/** The node in namespaces of its own. It lives no longer than this process: its standard input is what it hangs on. */
export class NodeProcess {
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  #said = "";

  /** @param hasEnded is told why, as a clause, when it ends by itself */
  constructor(log: string, hasEnded: (why: string) => void) {
    const argv = [...namespaces, process.execPath, join(import.meta.dirname, "node.ts")];
    // Nothing else of the caller's: a proxy that stands in its variables is not reached from there.
    const env = { PATH: process.env.PATH };
    this.#process = spawn("unshare", argv, { stdio: ["pipe", "pipe", "pipe"], cwd: "/", env });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (text: Buffer) => {
        this.#said += text;
        writeFileSync(log, text, { flag: "a", mode: 0o600 });
      });
    }
    this.#process.stdin?.on("error", () => {});
    this.#gone = new Promise((resolve) => {
      this.#process.once("error", (error) => {
        hasEnded(`unshare cannot be started: ${error.message}`);
        resolve(undefined);
      });
      this.#process.once("close", () => {
        hasEnded(`the node has ended: ${this.#reason()}`);
        resolve(undefined);
      });
    });
  }

  /** Id of the first process in the namespaces, as this machine counts. */
  async first(): Promise<number> {
    for (let tries = 0; tries < 200; tries += 1) {
      const pid = this.#child();
      if (pid !== undefined) return pid;
      await sleep(50);
    }
    throw new Error(`unshare makes no namespaces on this machine: ${this.#reason()}`);
  }

  tell(order: NodeOrder): void {
    this.#process.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** Returns when no process of the cluster is left: the first one of a namespace ends after all others. */
  async end(): Promise<void> {
    const first = this.#child();
    this.#process.stdin?.end();
    if (first !== undefined) process.kill(first, "SIGKILL");
    await this.#gone;
  }

  /** Without what unshare complains about itself when its child was killed. */
  #reason(): string {
    const lines = this.#said.split("\n").filter((line) => line !== "" && !line.includes("sigprocmask"));
    return lines.join("\n") || "it does not say why";
  }

  #child(): number | undefined {
    const { pid } = this.#process;
    try {
      return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim()) || undefined;
    } catch {
      // Gone by itself.
      return undefined;
    }
  }
}
