import { expect } from "vitest";
import type { StepName } from "../../lifecycle/update/step-names.ts";
import { oneShotLabel } from "../../platforms/kubernetes/labels.ts";
import { lockLabel } from "../../platforms/kubernetes/lease.ts";
import type { ClusterWorld, PodIdentity } from "./cluster-world.ts";
import type { Run } from "./outcome.ts";

export type Direction = "forward" | "back";

/**
 * One gateway of two goes to a new version and back, as often as a test wants, with a state that grows: whatever is done in
 * the middle of it, nothing of that is lost, and the other gateway is not touched.
 */
export class ClusterMove {
  readonly on: ClusterWorld;
  readonly images: { old: string; new: string };
  readonly moved: string;
  readonly sibling: string;
  /** Posted to the moved one on the old version: each snapshot that is gone back to has them. */
  readonly #posted: string[] = [];
  #untouched: PodIdentity | undefined;
  #direction: Direction = "back";

  constructor(on: ClusterWorld, images: { old: string; new: string }) {
    this.on = on;
    this.images = images;
    [this.moved, this.sibling] = on.world.instances as [string, string];
  }

  /** Both serve the old version, the sibling with a word in its state. */
  async bringUp(): Promise<void> {
    await must(this.on.world.up());
    await this.#post(this.sibling, "to the sibling");
    this.#untouched = await this.on.identity(this.sibling);
  }

  get wanted(): string {
    return this.#direction === "forward" ? this.images.new : this.images.old;
  }

  get replaced(): string {
    return this.#direction === "forward" ? this.images.old : this.images.new;
  }

  /** The moved one runs what a move in this direction starts from, and the configuration asks for the move. */
  async begin(direction: Direction): Promise<void> {
    if (this.#direction === direction) {
      await this.#turn(direction === "forward" ? "back" : "forward");
      await must(this.on.world.up());
    }
    if (direction === "forward") {
      this.#posted.push(`message ${this.#posted.length + 1}`);
      await this.#post(this.moved, this.#posted.at(-1) ?? "");
    }
    await this.#turn(direction);
  }

  /** An `up` that waits before this step of the move. */
  async upTo(step: StepName, direction: Direction) {
    await this.begin(direction);
    return this.on.world.startUpTo(this.moved, step);
  }

  /** The next `up` with the same configuration, where the one before has not come to its end. */
  async finish(): Promise<void> {
    await must(this.on.world.up());
  }

  /** Looked at with kubectl: both serve what the configuration wants, with their states, and nothing is left over. */
  async expectAtItsEnd(): Promise<void> {
    const { on, moved, sibling } = this;
    const status = await on.world.fleet("status");
    expect(status.code, status.output).toBe(0);
    expect([await on.imageOf(moved), await on.replicasOf(moved)]).toEqual([this.wanted, "1"]);
    await this.expectSiblingUntouched();
    expect([await this.#texts(moved), await this.#texts(sibling)]).toEqual([
      this.#posted,
      ["to the sibling"],
    ]);
    // A Secret goes with its pod, and the cluster takes its time for that.
    await expect.poll(() => this.leftOvers(), { timeout: 60_000, interval: 500 }).toEqual([]);
  }

  async expectSiblingUntouched(): Promise<void> {
    expect(await this.on.identity(this.sibling)).toEqual(this.#untouched);
  }

  /** What a run that was killed may leave: its short-lived pods, their claims and Secrets, its locks. */
  async leftOvers(): Promise<string[]> {
    const of = (kinds: string, label: string) => this.on.kubectl("get", kinds, `-l${label}`, "--output=name");
    const all = [
      await of("pods,persistentvolumeclaims,secrets", oneShotLabel),
      await of("leases", lockLabel),
    ];
    return all.flatMap((text) => text.split("\n")).filter((line) => line !== "");
  }

  /** "old serves", "is stopped", "new is there": how the cluster shows the moved one. */
  async stands(): Promise<string> {
    const { on, moved } = this;
    if ((await on.replicasOf(moved)) === "0") return "is stopped";
    const image = await on.imageOf(moved);
    return image === this.replaced ? "old serves" : image === this.wanted ? "new is there" : image;
  }

  async #turn(direction: Direction): Promise<void> {
    this.#direction = direction;
    const stable = this.images.old;
    const images = direction === "forward" ? { stable, candidate: this.images.new } : { stable };
    await this.on.world.configure({ images });
  }

  async #post(name: string, text: string): Promise<void> {
    await this.on.ask(name, "/messages", { method: "POST", body: { text } });
  }

  async #texts(name: string): Promise<string[]> {
    return ((await this.on.ask(name, "/messages")).body as { text: string }[]).map(({ text }) => text);
  }
}

async function must(run: Promise<Run>): Promise<void> {
  const { code, output } = await run;
  expect(code, output).toBe(0);
}
