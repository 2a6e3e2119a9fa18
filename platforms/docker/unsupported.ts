import { fieldOf } from "../../config/json.ts";
import type { Problem } from "../../config/problem.ts";

/** What a stack file says that a Docker host has no way for. */
export function dockerProblems(raw: unknown): Problem[] {
  const path = ["controlPlane", "container", "serviceAccount"];
  const account = path.reduce<unknown>(fieldOf, raw);
  return account === undefined
    ? []
    : [{ path, message: "a container has no service account: that is Kubernetes' own. Take it out." }];
}
