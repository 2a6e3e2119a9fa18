import { join } from "node:path";
import { workloadsOf } from "../../config/rollout.ts";
import type { StackConfig } from "../../config/schema.ts";
import { voiceOf } from "../../lifecycle/events.ts";
import type { EvidenceRecord } from "../../lifecycle/evidence/records.ts";
import { parseStackConfig } from "../../lifecycle/stack-config.ts";
import { workloadInput } from "../../lifecycle/update/workload-input.ts";
import { type CutOverJournal, Journal } from "../../lifecycle/workdir/journal.ts";
import { logOf, type Workload, type WorkloadContext } from "../../lifecycle/workload.ts";
import { MemoryControlPlane } from "../../platforms/memory/control-plane.ts";
import { MemoryPlatform } from "../../platforms/memory/platform.ts";
import { MemoryProxy } from "../../platforms/memory/proxy.ts";
import { type Changes, candidate, digest, rawConfig, stable } from "../unit/config-fixture.ts";
import { placeInMemory, scratchFolder } from "./scratch.ts";

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
  "look at free space": `${room.join("")}state-used\t100\ndatabases-used\t0\nstate-files\t3\nstate-entries\t4\nstate-bytes\t100\nmemory-free\t100000000000\n`,
  "look for a state": "",
  "look into the repository": `[{"id":"${taken}"}]\n`,
  "reading of the state's versions": "",
  "restore of the drill": "",
  "measurement of the cold snapshot": "",
  "look at the copied configuration": "",
  "look at what the new version has changed": "state-bytes\t120\ngone\t\n",
  restore: "",
} as const;

const checks = [{ kind: "http", path: "/healthz", body: { ok: true }, deadline: "1s" }];

const parsed = new Map<string, StackConfig>();

/** That of a stack whose canary is to run this image. Parsed once: each test makes a world. */
function configOf(image: string): StackConfig {
  const config =
    parsed.get(image) ??
    parseStackConfig(
      rawConfig({
        ...candidateOf(image),
        "instanceGroups.support.instances": [{ name: "canary", hosts: ["a.test"] }, "support-1"],
        "instanceGroups.support.waves": [1, "100%"],
        "instanceGroups.support.gate": checks,
        "instanceGroups.support.verification": checks,
        // Its own tests turn it on.
        rehearsal: { enabled: false },
        ingress: { image: `proxy:1@${digest("9")}`, hold: "60s", drain: "1s", name: "front" },
      }),
    );
  parsed.set(image, config);
  return config;
}

/** The first instance runs the candidate where there is one. */
function candidateOf(image: string): Changes {
  return { "agentImages.chromium.candidate": image === candidate ? candidate : undefined };
}

/** One gateway behind an ingress, on a platform in memory and with its records in a folder of the test. */
export class MemoryWorld {
  readonly platform: MemoryPlatform;
  readonly proxy: MemoryProxy;
  readonly said: string[] = [];
  readonly config: StackConfig;
  /** The first one of the configuration. */
  readonly workload: Workload;
  readonly context: WorkloadContext;

  readonly controlPlane: MemoryControlPlane;

  /**
   * @param image what it is to run: the candidate, by default.
   * @param before a world that goes on with another configuration.
   * @param changes of the configuration.
   * @param platform of a world that goes on with none.
   */
  constructor(
    image: string = candidate,
    before?: MemoryWorld,
    changes?: Changes,
    platform: MemoryPlatform = new MemoryPlatform(),
  ) {
    this.platform = before?.platform ?? platform;
    this.proxy = before?.proxy ?? new MemoryProxy(this.platform.deeds);
    this.controlPlane = before?.controlPlane ?? new MemoryControlPlane(this.platform);
    const directory = before?.config.evidence.directory ?? join(scratchFolder(placeInMemory()), "evidence");
    const config =
      changes === undefined
        ? configOf(image)
        : parseStackConfig(rawConfig({ ...candidateOf(image), ...changes }));
    this.config = { ...config, evidence: { ...config.evidence, directory } };
    const canary = workloadsOf(this.config).find(({ track }) => track === "runtime");
    if (canary === undefined) throw new Error("the configuration has no workload");
    this.workload = workloadInput(this.config, "test", canary);
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
    if (before !== undefined) return;
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
