import type { World } from "../../test/support/world.ts";
import type { Watch } from "./followed.ts";

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
