import { singleWriter } from "../../policies/single-writer.ts";
import { judgedStack, type StackResource } from "./stack.ts";

export const why = "Why: no lock stops two gateways on one state, and they corrupt it.";
export const ownState = "Write: a state of its own for each, and readOnly: true where one only reads.";
export const deletedFirst = { deleteBeforeReplace: true };

export function said(resources: readonly StackResource[], config: object = {}): string[] {
  return judgedStack(singleWriter, resources, config).map(({ message, level }) =>
    level === undefined ? message : `${level}: ${message}`,
  );
}

/** What is said, without the reason and the remedy: for tables. */
export function short(...resources: StackResource[]): string[] {
  return said(resources).map((message) =>
    message.replace("[single-writer] ", "").replace(/\. Why: .*$/s, ""),
  );
}

export function container(
  name: string,
  props: object,
  opts: StackResource["opts"] = deletedFirst,
): StackResource {
  return { type: "docker:index/container:Container", name, props: { name, ...props }, opts };
}

export function mounting(name: string, ...volumes: object[]): StackResource {
  return container(name, { volumes });
}

export function volume(name: string, props: object): StackResource {
  return { type: "docker:index/volume:Volume", name, props: { name, ...props } };
}

export function service(name: string, props: object, mounts: readonly object[] = [data]): StackResource {
  const taskSpec = { containerSpec: { mounts } };
  return {
    type: "docker:index/service:Service",
    name,
    props: { name, taskSpec, ...props },
    opts: deletedFirst,
  };
}

export const data = { type: "volume", source: "data", target: "/x" };
export const claim = { name: "data", persistentVolumeClaim: { claimName: "c" } };
export const mainContainer = { name: "main", volumeMounts: [{ name: "data" }] };
export const pod = { spec: { volumes: [claim], containers: [mainContainer] } };
export const recreate = { strategy: { type: "Recreate" } };

/** An object of a kind that has a template for its pods. */
export function workload(kind: string, name: string, spec: object, more: object = {}): StackResource {
  const props = { metadata: { name }, spec: { template: pod, ...spec }, ...more };
  return { type: `kubernetes:${kind}`, name, props, opts: deletedFirst };
}

export function deployment(name: string, spec: object = recreate, more: object = {}): StackResource {
  return workload("apps/v1:Deployment", name, spec, more);
}
