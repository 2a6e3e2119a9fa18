import type { ResourceValidationArgs, ResourceValidationPolicy } from "@pulumi/policy";
import { unknownCheckingProxy } from "./props.ts";

/** A violation as the engine would get it. `level` is absent when it is the rule's own. */
export interface Violation {
  message: string;
  level?: string;
}

export interface Resource {
  type: string;
  props: object;
  ignoreChanges?: string[];
  /** Types of the components that it is in, the outermost first. */
  parents?: readonly string[];
}

/**
 * What a rule says of a resource named `web`, whose properties it reads through the SDK's own proxy. Each finding has a
 * name by which the configuration can let it be.
 */
export function judged(
  policy: ResourceValidationPolicy,
  resource: Resource,
  config: object = {},
): Violation[] {
  const violations = judgedBy(policy, resource, config);
  if (violations.length > 0) {
    const kinds = Object.keys(Object(policy.configSchema?.properties.levels)?.properties ?? {});
    const levels = Object.fromEntries(kinds.map((kind) => [kind, "disabled"]));
    const left = judgedBy(policy, resource, { ...config, levels });
    const nameless = left.find(({ message }) => !/ policy config | as a whole: the rule/.test(message));
    if (nameless !== undefined)
      throw new Error(`No level of the configuration is that of: ${nameless.message}`);
  }
  return violations;
}

function judgedBy(
  policy: ResourceValidationPolicy,
  { type, props, ignoreChanges = [], parents = [] }: Resource,
  config: object,
): Violation[] {
  const violations: Violation[] = [];
  const args = {
    type,
    name: "web",
    urn: `urn:pulumi:prod::clawforce::${[...parents, type].join("$")}::web`,
    props: unknownCheckingProxy(props),
    opts: {
      protect: false,
      ignoreChanges,
      aliases: [],
      customTimeouts: noTimeouts,
      additionalSecretOutputs: [],
    },
    stackTags: new Map(),
    isType: () => false,
    asType: () => undefined,
    getConfig: () => config,
    notApplicable: (reason?: string) => {
      throw new Error(reason);
    },
  } as unknown as ResourceValidationArgs;
  const validations = [policy.validateResource ?? []].flat();
  if (validations.length === 0) throw new Error(`${policy.name} validates no resource.`);
  for (const validate of validations) {
    validate(args, (reported: string | { message: string; enforcementLevel?: string }) => {
      if (typeof reported === "string") violations.push({ message: reported });
      else violations.push({ message: reported.message, level: reported.enforcementLevel ?? "none" });
    });
  }
  return violations;
}

const noTimeouts = { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 };

/** What a rule says of a container with an image. */
export function said(policy: ResourceValidationPolicy, image: unknown, config: object = {}): string[] {
  return judged(policy, { type: "docker:index/container:Container", props: { image } }, config).map(
    ({ message, level }) => (level === undefined ? message : `${level}: ${message}`),
  );
}
