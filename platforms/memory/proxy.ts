import type { Cut, IngressProxy, IngressService, IngressState, ProxyRequest, Target } from "../proxy.ts";
import { Deeds } from "./deeds.ts";

/** An ingress without a proxy, for tests: services stand in a map, each change is told in its order by `did`. */
export class MemoryProxy implements IngressProxy {
  readonly #deeds: Deeds;
  readonly known = new Map<string, IngressService>();
  /** What is answered to a request that says it was forwarded. */
  forwarded = { status: 200, body: "" };
  /** The next call fails with it. */
  failure: Error | undefined;

  /** @param deeds shared with a platform, so that one order tells of both. */
  constructor(deeds = new Deeds()) {
    this.#deeds = deeds;
  }

  async services(): Promise<Map<string, IngressService>> {
    return this.known;
  }

  async deploy(service: string, { address, hosts }: Target): Promise<void> {
    const state = this.known.get(service)?.state ?? "serving";
    this.known.set(service, { state, target: address, hosts: [...hosts] });
  }

  async pause(service: string): Promise<void> {
    await this.#change(service, "held", "hold");
  }

  async resume(service: string): Promise<void> {
    await this.#change(service, "serving", "open");
  }

  async remove(service: string): Promise<void> {
    await this.#deeds.tell(`forget ${service}`);
    this.known.delete(service);
  }

  async setDeadline(): Promise<void> {}

  async clearDeadline(): Promise<void> {}

  async inFlight(): Promise<number> {
    return 0;
  }

  async ask({ forwarded }: { forwarded: boolean }): Promise<{ status: number; body: string }> {
    return forwarded ? this.forwarded : { status: 200, body: "" };
  }

  async *requests(): AsyncGenerator<ProxyRequest> {}

  async requestsReachBack(): Promise<boolean> {
    return true;
  }

  async cut(): Promise<Cut> {
    return { webSockets: 0, requests: 0 };
  }

  async #change(service: string, state: IngressState, what: string): Promise<void> {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    await this.#deeds.tell(`${what} ${service}`);
    const known = this.known.get(service);
    if (known === undefined) throw new Error(`the proxy does not know ${service}`);
    this.known.set(service, { ...known, state });
  }
}
