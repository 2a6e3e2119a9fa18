import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Unavailable } from "../fallbacks.ts";
import { isRunning, startTimeOf, tailOf } from "../processes.ts";
import { lineProgress } from "../progress.ts";
import { kubernetesOf, setUp } from "../set-up.ts";
import { failWith, SetUpError } from "../set-up-error.ts";
import { type Cluster, clusterFor } from "./cluster.ts";
import { placesIn } from "./places.ts";

const options = { state: { type: "string" }, "use-context": { type: "string" } } as const;

/** A cluster for a person at a terminal: it runs until this program is interrupted. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  const progress = lineProgress();
  const parts = await kubernetesOf(await setUp(progress), progress).catch((error: unknown) => {
    if (!(error instanceof Unavailable)) throw error;
    throw new SetUpError(`No disposable cluster can run on this machine: ${error.message}.`);
  });
  const given = values.state;
  const state = given === undefined ? mkdtempSync(join(tmpdir(), "clawforce-cluster-")) : resolve(given);
  const useContext = values["use-context"];
  const owner = { pid: process.pid, started: (await startTimeOf(process.pid)) ?? "" };
  const cluster = await clusterFor(
    { ...parts, state, owner, ...(useContext !== undefined && { useContext }) },
    progress,
  );
  console.log(`kubeconfig: ${cluster.kubeconfig}\nkubectl: ${cluster.kubectl}`);
  if (cluster.record === undefined) return;
  console.log(
    "The cluster runs until this program is interrupted (Ctrl-C), and leaves nothing on the machine.",
  );
  await untilInterrupted(cluster);
  await progress.step("Kubernetes cluster: stopped", () => cluster.stop());
  if (given === undefined) rmSync(state, { recursive: true });
}

async function untilInterrupted({ record }: Cluster): Promise<void> {
  const interrupted = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupted.resolve);
  let waiting = true;
  const ended = (async () => {
    while (waiting && record !== undefined && (await isRunning(record.keeper))) await sleep(1000);
    if (waiting && record !== undefined) {
      const log = join(placesIn(record.state).logs, "node.log");
      throw new SetUpError(`The cluster has ended by itself: see the logs beside ${log}.\n${tailOf(log)}`);
    }
  })();
  await Promise.race([interrupted.promise, ended]).finally(() => {
    waiting = false;
  });
}

if (import.meta.main) main().catch(failWith);
