import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { StepName } from "../../lifecycle/update/step-names.ts";
import { oneShotLabel, workloadLabel } from "../../platforms/kubernetes/labels.ts";
import { type Cluster, clusterFor } from "../../toolchain/kubernetes/cluster.ts";
import { ownProcess } from "../../toolchain/processes.ts";
import { lineProgress } from "../../toolchain/progress.ts";
import { kubernetesOfThisRun, leadThrough } from "../support/cluster.ts";
import { ClusterMove, type Direction } from "../support/cluster-move.ts";
import { ClusterNode } from "../support/cluster-node.ts";
import { ClusterWorld } from "../support/cluster-world.ts";
import { CutLine } from "../support/cut-line.ts";
import { fillUp } from "../support/damage.ts";
import { partsOfThisRun, until } from "../support/world.ts";

const kubernetes = await kubernetesOfThisRun();
const { images } = await partsOfThisRun();

/** Megabytes of the claim that has the repositories. */
const room = 160;

/** What repairs the damage of a test, run after it whatever came of it. */
const repairs: (() => Promise<unknown>)[] = [];

/** A cluster of its own: no other test may have its kubelet killed, or its node drained. */
describe.skipIf("missing" in kubernetes)("an update on Kubernetes", () => {
  let folder: string;
  let cluster: Cluster;
  let node: ClusterNode;
  let line: CutLine;
  let on: ClusterWorld;
  let move: ClusterMove;

  beforeAll(async () => {
    if ("missing" in kubernetes) return;
    folder = await mkdtemp(join(tmpdir(), "clawforce-cluster-"));
    const owner = await ownProcess(process.pid);
    cluster = await clusterFor({ ...kubernetes, state: join(folder, "state"), owner }, lineProgress());
    node = new ClusterNode(cluster);
    const [old, next] = [images.fixture[1], images.fixture[2]];
    on = await ClusterWorld.create(kubernetes, { stable: old }, { instances: 2 }, cluster);
    await node.limit(on.namespace, "clawforce-folders", room);
    const { hostname, port } = new URL(cluster.server);
    line = new CutLine({ host: hostname, port: Number(port) });
    await line.restore();
    await leadThrough(cluster, { from: on.kubeconfig, to: on.kubeconfig, port: line.port });
    move = new ClusterMove(on, { old, new: next });
    await move.bringUp();
  });

  afterEach(async () => {
    for (const repair of repairs.splice(0).toReversed()) await repair();
  });

  afterAll(async () => {
    await on?.destroy();
    await line?.cut();
    await cluster?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  const jobs = () => on.kubectl("get", "pods", `-l${oneShotLabel}`, "--output=name");

  async function expectPutBack(output: string, said: string): Promise<void> {
    expect(output).toContain(said);
    expect(output).toContain(`Nothing was removed: ${move.moved} serves ${move.replaced} again.`);
    expect(await move.stands()).toBe("old serves");
    await move.expectSiblingUntouched();
  }

  describe("while the API server is gone for 30 s", () => {
    const outages: [StepName, Direction][] = [
      ["preflight", "forward"],
      ["restore", "back"],
      ["drill", "forward"],
      ["stop", "back"],
      ["cold snapshot", "forward"],
      ["check", "back"],
      ["create", "forward"],
      ["gate", "back"],
      ["verification", "forward"],
    ];

    it.each(outages)("at %s (%s): comes to its end, with the state", async (step, direction) => {
      const update = await move.upTo(step, direction);
      await line.cut();
      repairs.push(() => line.restore());
      await on.world.release(move.moved, step);
      const blind = await on.world.fleet("status");
      expect(blind.code, blind.output).not.toBe(0);
      expect(blind.output).toContain("does not answer");
      await sleep(30_000);
      repairs.length = 0;
      await line.restore();
      const { code, output } = await update.ended;
      expect(code, output).toBe(0);
      await move.expectAtItsEnd();
    });
  });

  describe("while kubelet is gone, killed and back after 30 s", () => {
    it.each([
      ["cold snapshot", "back"],
      ["create", "forward"],
    ] as [StepName, Direction][])("at %s (%s): comes to its end, with the state", async (step, direction) => {
      const update = await move.upTo(step, direction);
      const killed = node.kubelet();
      process.kill(killed, "SIGSTOP");
      repairs.push(async () => process.kill(killed, "SIGKILL"));
      await on.world.release(move.moved, step);
      await sleep(30_000);
      repairs.length = 0;
      process.kill(killed, "SIGKILL");
      const { code, output } = await update.ended;
      expect(code, output).toBe(0);
      await move.expectAtItsEnd();
    });
  });

  describe("while its node is drained", () => {
    const drain = (selector: string) =>
      on.kubectl("drain", "node", `--pod-selector=${selector}`, "--delete-emptydir-data", "--force");
    const ofGateway = () => `${workloadLabel}=${move.moved}`;

    it("at the cold snapshot, whose pod goes, and the one in its place before a node takes it: the old version serves again once one does", async () => {
      const update = await move.upTo("cold snapshot", "back");
      await on.kubectl("cordon", "node");
      repairs.push(() => on.kubectl("uncordon", "node"));
      // A drain leaves out what no node has taken.
      const remove = () => on.kubectl("delete", "pods", `-l${oneShotLabel}`);
      await remove();
      await on.world.release(move.moved, "cold snapshot");
      await until("another one is there", async () => (await jobs()) !== "");
      await remove();
      await sleep(10_000);
      await on.kubectl("uncordon", "node");
      const { code, output } = await update.ended;
      expect(code, output).not.toBe(0);
      await expectPutBack(output, "cold snapshot failed: ");
      await move.finish();
      await move.expectAtItsEnd();
    });

    it("at the start of the new version: waits until a node takes it", async () => {
      const update = await move.upTo("create", "forward");
      await on.kubectl("cordon", "node");
      repairs.push(() => on.kubectl("uncordon", "node"));
      await on.world.release(move.moved, "create");
      await sleep(15_000);
      await on.kubectl("uncordon", "node");
      const { code, output } = await update.ended;
      expect(code, output).toBe(0);
      await move.expectAtItsEnd();
    });

    it("at the verification, with its pod evicted: is verified once it is back", async () => {
      const update = await move.upTo("verification", "back");
      await drain(ofGateway());
      repairs.push(() => on.kubectl("uncordon", "node"));
      await on.world.release(move.moved, "verification");
      await sleep(10_000);
      await on.kubectl("uncordon", "node");
      const { code, output } = await update.ended;
      if (code !== 0) {
        expect(output).toContain(`${move.moved}: verification failed`);
        await on.kubectl("wait", "--for=condition=Ready", `pod/${move.moved}-0`, "--timeout=180s");
        await move.finish();
      }
      await move.expectAtItsEnd();
    });
  });

  it("whose repository is full at the cold snapshot: the old version serves again, and the next update works", async () => {
    const update = await move.upTo("cold snapshot", "forward");
    const repair = await fillUp(await node.folderOf(on.namespace, "clawforce-folders"));
    repairs.push(repair);
    await on.world.release(move.moved, "cold snapshot");
    const { code, output } = await update.ended;
    expect(code, output).not.toBe(0);
    await expectPutBack(output, "cold snapshot failed: ");
    repairs.length = 0;
    await repair();
    await move.finish();
    await move.expectAtItsEnd();
  });

  it("is refused before anything stops where the deployer may not change it", async () => {
    await move.begin("back");
    const before = await on.identity(move.moved);
    const all = ["get", "list", "watch", "create", "update", "patch", "delete"];
    await on.limitRights(
      "statefulsets",
      all.filter((verb) => verb !== "patch"),
    );
    repairs.push(() => on.limitRights("statefulsets", all));
    const { code, output } = await on.world.up();
    expect(code, output).not.toBe(0);
    expect(output).toContain("may not be changed by this deployer, so nothing of it was stopped");
    expect(await on.identity(move.moved)).toEqual(before);
    await move.expectSiblingUntouched();
    await on.limitRights("statefulsets", all);
    await move.finish();
    await move.expectAtItsEnd();
  });

  describe("with a quota that is used up", () => {
    const quota = async (pods: number) => {
      await on.kubectl("create", "quota", "pods", `--hard=pods=${pods}`);
      repairs.push(() => on.kubectl("delete", "quota", "pods", "--ignore-not-found"));
      const used = ["get", "quota", "pods", "--output=jsonpath={.status.used.pods}"];
      await until("it counts", async () => (await on.kubectl(...used)) !== "");
    };

    it("before anything stops: says which, and both serve on", async () => {
      await move.begin("back");
      const before = await on.identity(move.moved);
      await quota(2);
      const { code, output } = await on.world.up();
      expect(code, output).not.toBe(0);
      expect(output).toContain("exceeded quota: pods");
      expect(output).not.toContain("Give the deployer this right");
      expect(await on.identity(move.moved)).toEqual(before);
      await move.expectSiblingUntouched();
      await on.kubectl("delete", "quota", "pods");
      await move.finish();
      await move.expectAtItsEnd();
    });

    it("after the stop: the new version serves once there is room", async () => {
      const update = await move.upTo("cold snapshot", "forward");
      await quota(1);
      await on.world.release(move.moved, "cold snapshot");
      await until("it is started", async () => (await on.replicasOf(move.moved)) === "1");
      await sleep(10_000);
      expect(await on.kubectl("get", "pods", "--output=name")).toBe(`pod/${move.sibling}-0\n`);
      await on.kubectl("delete", "quota", "pods");
      const { code, output } = await update.ended;
      expect(code, output).toBe(0);
      await move.expectAtItsEnd();
    });
  });
});
