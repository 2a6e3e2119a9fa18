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

/** What a rule says of a resource named `web`, whose properties it reads through the SDK's own proxy. */
export function judged(
  policy: ResourceValidationPolicy,
  { type, props, ignoreChanges = [], parents = [] }: Resource,
  config: object = {},
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
