import type * as kubernetes from "@pulumi/kubernetes";
import type { UnitSpec } from "../resources.ts";
import { type ControllerKind, controllerKinds } from "./controller-kind.ts";
import { labelValue, oneShotLabel, roleLabel, stackLabel, startAnnotation, trackLabel } from "./labels.ts";
import { unitLabels } from "./pod-template.ts";

type PodTemplate = kubernetes.types.input.core.v1.PodTemplateSpec;

/** The provider applies in spite of whoever owns the fields. */
export const forceAnnotation = "pulumi.com/patchForce";

/** What is the same of a StatefulSet and of a Deployment. */
export interface ControllerArgs {
  metadata: kubernetes.types.input.meta.v1.ObjectMeta;
  spec: {
    replicas: number;
    selector: { matchLabels: Record<string, string> };
    template: PodTemplate;
  };
}

/**
 * The controller of a unit. It is made and changed at no replicas: to start it is a step of its own, after its state was
 * made ready. See `InPlace`.
 */
export function controllerArgs(
  kind: ControllerKind,
  spec: UnitSpec,
  template: PodTemplate,
  /** What its start runs anew for. */
  startTrigger: string,
): ControllerArgs {
  const labels = unitLabels(spec);
  return {
    metadata: {
      name: spec.name,
      labels,
      // The provider would wait for pods that only a later step starts.
      annotations: {
        "pulumi.com/skipAwait": "true",
        [startAnnotation]: startTrigger,
        ...(spec.adopted?.now && { [forceAnnotation]: "true" }),
      },
    },
    spec: {
      replicas: 0,
      ...controllerKinds[kind].spec(spec.name),
      selector: { matchLabels: labels },
      template,
    },
  };
}

/** The address of a unit, whichever pod it has. */
export function service(spec: UnitSpec): kubernetes.core.v1.ServiceArgs {
  const { port } = spec.container;
  return {
    metadata: {
      name: spec.name,
      labels: unitLabels(spec),
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec: { selector: unitLabels(spec), ports: [{ name: "http", port, targetPort: "http" }] },
  };
}

/**
 * Who may reach a unit: the proxy in front, the control plane of its stack, and the short-lived pods of its own stack. No
 * instance reaches another one. Where the network of a cluster enforces no policies it says nothing.
 */
export function networkPolicy(spec: UnitSpec): kubernetes.networking.v1.NetworkPolicyArgs {
  const ofStack = { [stackLabel]: labelValue(spec.stack) };
  const others = spec.track === "control-plane" ? ofStack : { ...ofStack, [trackLabel]: "control-plane" };
  const from = [
    { podSelector: { matchLabels: { ...ofStack, [roleLabel]: "ingress" } } },
    { podSelector: { matchLabels: others } },
    { podSelector: { matchExpressions: [{ key: oneShotLabel, operator: "Exists" }] } },
  ];
  return {
    metadata: { name: spec.name, labels: unitLabels(spec) },
    spec: {
      podSelector: { matchLabels: unitLabels(spec) },
      policyTypes: ["Ingress"],
      ingress: [{ from, ports: [{ port: spec.container.port }] }],
    },
  };
}
