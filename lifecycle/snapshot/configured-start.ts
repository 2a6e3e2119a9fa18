import { randomUUID } from "node:crypto";
import type { StartSettings } from "../../platforms/platform.ts";
import type { Workload } from "../workload.ts";

/** As the configuration wants the container that is not there yet. Without a token at hand any will do for a gateway. */
export function configuredStart(
  { startedWith, tokenVariable }: Pick<Workload, "startedWith" | "tokenVariable">,
  token: string,
): StartSettings {
  if (tokenVariable === undefined) return startedWith;
  const environment = { ...startedWith.environment, [tokenVariable]: token || randomUUID() };
  return { ...startedWith, environment, secret: [...(startedWith.secret ?? []), tokenVariable] };
}
