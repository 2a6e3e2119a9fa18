import type { World } from "../../test/support/world.ts";
import type { Watch } from "./followed.ts";

/** No check of the version: the images differ by their digests alone. */
export const group = {
  verification: [{ kind: "http", path: "/readyz", body: { ready: true }, deadline: "15s" }],
};

/** Short drains, and a hold that no update outlasts. */
export const ingress = { hold: "300s", drain: "2s" };

/** Where updates are measured: one gateway behind the proxy, on a platform, and the client that users have for it. */
export interface Site {
  world: World;
  /** Where requests come in: through the proxy, whoever replaces the gateway. */
  address: string;
  port: number;
  /** What replaces it without this program, for people. */
  client: string;
  /** Follows the gateway from now on. */
  watch(): Promise<Watch>;
  /** Puts this image in place as a user would without this program, and waits until it serves. */
  replace(image: string): Promise<void>;
  /** Makes the gateway again what the program has made of it. */
  putBack(): Promise<void>;
  close(): Promise<void>;
}
