import { commandType } from "../../policies/fleet-facts.ts";
import { type Registered, withSecrets } from "../support/mock-engine.ts";
import { unknownText } from "./props.ts";
import type { StackResource } from "./stack.ts";

/**
 * What a program has asked the engine for, as the preview of a first update shows it. Secrets are in plain there, as the
 * SDK hands them to a rule.
 */
export function stackOf(registered: readonly Registered[]): StackResource[] {
  const ids = new Map(registered.map(({ urn, name, type }) => [urn, `${name} ${type}`]));
  const idsOf = (urns: readonly string[]) => urns.flatMap((urn) => ids.get(urn) ?? []);
  const providers = new Map(
    registered
      .filter(({ type }) => type.startsWith("pulumi:providers:"))
      .map((each) => [each.urn, each.inputs]),
  );
  return registered.map(({ type, name, parent, inputs, outputs, options, provider, ...each }) => {
    const own = providers.get(provider.split("::").slice(0, 4).join("::"));
    const { ignoreChanges = [], protect = false, deleteBeforeReplace } = options;
    const [above] = idsOf([parent]);
    return {
      ...{ type, name },
      ...(above !== undefined && { parent: above }),
      ...(own !== undefined && { provider: own }),
      props: {
        ...(withSecrets(inputs, (secret) => secret) as object),
        ...(outputs !== undefined && (withSecrets(outputs, (secret) => secret) as object)),
        ...(type === commandType && { stdout: unknownText }),
      },
      opts: { protect, ignoreChanges, deleteBeforeReplace } as NonNullable<StackResource["opts"]>,
      dependsOn: idsOf(each.dependencies),
      takes: Object.fromEntries(
        Object.entries(each.propertyDependencies).map(([property, urns]) => [property, idsOf(urns)]),
      ),
    };
  });
}
