import { isAtOrBelow, isFrozenBy, isUnitOfWorkload } from "./frozen-paths.ts";
import { podKinds } from "./pod-kinds.ts";
import type { Finding, JudgedInputs } from "./rule.ts";
import { stateMountsOf } from "./state-mounts.ts";
import { quoted } from "./verdict.ts";

const ofDocker: Readonly<Record<string, readonly string[]>> = {
  "docker:index/container:Container": ["volumes", "mounts"],
  "docker:index/service:Service": ["taskSpec.containerSpec.mounts"],
};

/** Where a type says what its containers mount. */
function mountPathsOf(type: string): readonly string[] {
  const pod = podKinds.get(type);
  if (pod === undefined) return ofDocker[type] ?? [];
  const object = pod.list ? "items[]." : "";
  return [`${object}${pod.pod}.volumes`, `${object}spec.volumeClaimTemplates`];
}

/**
 * Mounts that keep being what they were, whatever the program says. What is ignored above all mounts of a resource that
 * shows none is left alone: it is no choice of a state.
 */
export function frozenMounts(resource: JudgedInputs): Finding<"frozen">[] {
  const { name, urn, type, opts } = resource;
  if (opts.ignoreChanges.length === 0 || isUnitOfWorkload(urn)) return [];
  const mapped = mountPathsOf(type);
  const found = stateMountsOf(resource).mounts.map(({ path }) => path);
  return opts.ignoreChanges.toSorted().flatMap((ignored) => {
    const path =
      found.find((each) => isFrozenBy(ignored, each)) ?? mapped.find((each) => isAtOrBelow(ignored, each));
    if (path === undefined) return [];
    return [
      {
        ...{ kind: "frozen" as const, resource: name, urn, path },
        what: `what is mounted is under ignoreChanges (${quoted(ignored)})`,
        why: "then another state may be mounted than the program says, and no review sees it",
        write: "ignoreChanges without this path",
      },
    ];
  });
}
