import type { StackConfig } from "../config/schema.ts";
import type { Situation } from "../lifecycle/update/situation.ts";
import { situationsOf as situationsOn } from "../lifecycle/update/situations.ts";
import { situationsInWindow as situationsInWindowOn } from "../lifecycle/update/window.ts";
import { platformOf } from "../platforms/of-stack.ts";

/** What the configuration wants, what is there and what is on record, on the platform of the stack. */
export function situationsOf(config: StackConfig, stack: string): Promise<Situation[]> {
  return situationsOn(config, stack, platformOf(config));
}

/** The same, once it is known that what would change may change now. */
export function situationsInWindow(config: StackConfig, stack: string): Promise<Situation[]> {
  return situationsInWindowOn(config, stack, platformOf(config));
}
