import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Unavailable } from "../fallbacks.ts";
import { isRunning, ownProcess } from "../processes.ts";
import { lineProgress, type Progress } from "../progress.ts";
import { type KubernetesParts, kubernetesOf, setUp } from "../set-up.ts";
import { failWith, SetUpError } from "../set-up-error.ts";
import { clusterFor } from "./cluster.ts";
import type { ClusterRecord } from "./cluster-record.ts";
import { placesIn } from "./places.ts";
import { reasonOfEnd } from "./started-cluster.ts";

const options = { state: { type: "string" }, "use-context": { type: "string" } } as const;

/** A cluster for a person at a terminal: it runs until this program is interrupted. */
async function main(): Promise<void> {
  const { values } = parsed();
  const progress = lineProgress();
  const given = values.state;
  const useContext = values["use-context"];
  const parts = useContext === undefined ? await partsOrReason(progress) : undefined;
  const state = given === undefined ? mkdtempSync(join(tmpdir(), "clawforce-cluster-")) : resolve(given);
  const owner = await ownProcess(process.pid);
  const choice = parts === undefined ? { useContext: useContext ?? "", state } : { ...parts, state, owner };
  const cluster = await clusterFor(choice, progress);
  console.log(`kubeconfig: ${cluster.kubeconfig}\nkubectl: ${cluster.kubectl}`);
  if (cluster.record === undefined) return;
  console.log(
    "The cluster runs until this program is interrupted (Ctrl-C), and leaves nothing on the machine.",
  );
  await untilInterrupted(cluster.record);
  await progress.step("Kubernetes cluster: stopped", () => cluster.stop());
  if (given === undefined) rmSync(state, { recursive: true });
}

function parsed() {
  try {
    return parseArgs({ options });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new SetUpError(`${why} The options are --state DIR and --use-context NAME.`);
  }
}

async function partsOrReason(progress: Progress): Promise<KubernetesParts> {
  try {
    return await kubernetesOf(await setUp(progress), progress);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    throw new SetUpError(
      `No disposable cluster can run on this machine: ${error.message}. Name one of yours with --use-context.`,
    );
  }
}

async function untilInterrupted({ keeper, state }: ClusterRecord): Promise<void> {
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      interrupted = true;
    });
  }
  while (!interrupted) {
    if (!(await isRunning(keeper))) {
      throw new SetUpError(
        `The cluster has ended by itself: ${reasonOfEnd(state)}. Its logs are in ${placesIn(state).logs}.`,
      );
    }
    await sleep(200);
  }
}

if (import.meta.main) main().catch(failWith);
