import { join } from "node:path";
import { workloadsOf } from "../../config/rollout.ts";
import { voiceOf } from "../../lifecycle/events.ts";
import type { EvidenceRecord } from "../../lifecycle/evidence/records.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { workloadInput } from "../../lifecycle/update/workload-input.ts";
import { type CutOverJournal, Journal } from "../../lifecycle/workdir/journal.ts";
import { logOf, type Workload, type WorkloadContext } from "../../lifecycle/workload.ts";
import { MemoryControlPlane } from "../../platforms/memory/control-plane.ts";
import { MemoryPlatform } from "../../platforms/memory/platform.ts";
import { MemoryProxy } from "../../platforms/memory/proxy.ts";
import { type Changes, candidate, rawConfig, stable } from "../unit/config-fixture.ts";
import { scratchFolder } from "./scratch.ts";

/** The id of the snapshot that the next script takes. */
export const taken = "c1c1c1c1".repeat(8);

const summary = {
  message_type: "summary",
  snapshot_id: taken,
  total_files_processed: 3,
  total_bytes_processed: 100,
};
const whole = "state-files\t3\nsnapshot-files\t3\nstate-bytes\t100\nsnapshot-bytes\t100\n";
const room = ["state", "repository", "docker"].map(
  (place) => `${place}-free\t1000000000000\n${place}-device\t1\n`,
);

/** What the scripts print where nothing is wrong. */
export const printed = {
  "hot snapshot": `${JSON.stringify(summary)}\n`,
  "cold snapshot": `${JSON.stringify(summary)}\n`,
  "check of the cold snapshot": whole,
  "check of the repository": "",
  "look at free space": `${room.join("")}state-used\t100\ndatabases-used\t0\nstate-files\t3\nmemory-free\t100000000000\n`,
  "look for a state": "",
  "look into the repository": `[{"id":"${taken}"}]\n`,
  "reading of the state's versions": "",
  "restore of the drill": "",
  restore: "",
} as const;

/** One gateway behind an ingress, on a platform in memory and with its records in a folder of the test. */
export class MemoryWorld {
  readonly platform = new MemoryPlatform();
  readonly proxy = new MemoryProxy(this.platform.did);
  readonly said: string[] = [];
  readonly workload: Workload;
  readonly context: WorkloadContext;

  readonly controlPlane = new MemoryControlPlane(this.platform);

  /** @param image what it is to run: the candidate, by default. */
  constructor(image: string = candidate, changes: Changes = {}) {
    const directory = join(scratchFolder(), "evidence");
    const config = parseStackConfig(
      rawConfig({
        "evidence.directory": directory,
        "instanceGroups.support.gate": [
          { kind: "http", path: "/healthz", body: { ok: true }, deadline: "1s" },
        ],
        ...changes,
      }),
    );
    const canary = workloadsOf(config).find(({ track }) => track === "runtime");
    if (canary === undefined) throw new Error("the configuration has no workload");
    this.workload = {
      ...workloadInput(config, "test", canary),
      image,
      ingress: { container: "front", hosts: ["a.test"], hold: 60, drain: 1, healthPath: "/healthz" },
    };
    const secrets = { snapshotPassword: "p", gatewayToken: "t", controlPlanePassword: "" };
    const log = logOf(this.workload);
    this.context = {
      workload: this.workload,
      secrets,
      platform: this.platform,
      proxy: this.proxy,
      controlPlane: this.workload.controlPlane && this.controlPlane,
      log,
      ...voiceOf(this.workload.name, (line) => this.said.push(line.trimEnd())),
    };
    for (const [purpose, stdout] of Object.entries(printed)) this.platform.jobs.set(purpose, [{ stdout }]);
    this.platform.http.set("/healthz", { status: 200, body: '{"ok":true}' });
  }

  get name(): string {
    return this.workload.name;
  }

  /** It serves this image, and its requests come in. */
  serving(image: string = stable): void {
    this.platform.run(this.name, image);
    this.proxy.known.set(this.name, {
      state: "serving",
      target: `${this.name}:${this.workload.port}`,
      hosts: ["a.test"],
    });
  }

  /** What was done, without what only looks. */
  get did(): string[] {
    return this.platform.did.filter((what) => !/^(ask|fetch|observe|reading|look)/.test(what));
  }

  get requests(): string | undefined {
    return this.proxy.known.get(this.name)?.state;
  }

  records(): Promise<EvidenceRecord[]> {
    return this.context.log.read();
  }

  async kinds(): Promise<string[]> {
    return (await this.records()).map(({ kind }) => kind);
  }

  journal(): Promise<CutOverJournal | undefined> {
    return new Journal(this.context.log.folder).read();
  }
}
