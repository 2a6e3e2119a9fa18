import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import { StatefulSet } from "@pulumi/kubernetes/apps/v1/statefulSet.js";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim.js";
import { Secret } from "@pulumi/kubernetes/core/v1/secret.js";
import { Service } from "@pulumi/kubernetes/core/v1/service.js";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy.js";
import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { fingerprint } from "../../config/fingerprint.ts";
import type { PlatformResources, UnitMaking, UnitSecrets, UnitSpec } from "../resources.ts";
import { claim, placeIn } from "./claims.ts";
import { controllerKinds, kindOfUnit } from "./controller-kind.ts";
import { podTemplate, unitLabels } from "./pod-template.ts";
import { proxyDeployment, proxyService } from "./proxy-objects.ts";
import type { KubernetesSettings } from "./settings.ts";
import { controllerArgs, forceAnnotation, networkPolicy, service } from "./unit-objects.ts";
import { secretName, secretsOf, tokenKey } from "./unit-secrets.ts";

const controllerTypes = { StatefulSet, Deployment };

/** Stateful sets, deployments, claims, services and policies of one namespace. */
export function kubernetesResources(settings: KubernetesSettings): PlatformResources {
  const { kubeconfig, context, namespace } = settings;
  return {
    provider: (name, opts) =>
      new Provider(
        name,
        {
          namespace,
          ...(kubeconfig !== undefined && { kubeconfig }),
          ...(context !== undefined && { context }),
          // Else another value takes the Secret away for a moment, and a pod that starts then does not.
          enableSecretMutable: true,
        },
        opts,
      ),
    // Each unit has its own policy, and nodes fetch images by themselves.
    network: () => undefined,
    image: () => undefined,
    volume: (name, volume, { stack, isTaken }, opts) =>
      new PersistentVolumeClaim(name, claim(settings, volume, stack), {
        ...opts,
        // One that is there keeps what it has: its volume can't change, and its size is its owner's matter.
        ignoreChanges: keptAsIs,
        ...(isTaken && { import: `${namespace}/${volume}` }),
      }),
    unit: (name, spec, secrets, making) => unit(settings, name, { spec, secrets, making }),
    ingress: (name, spec, opts) => {
      new Service(name, proxyService(spec), { ...(opts.parent && { parent: opts.parent }) });
      return new Deployment(name, proxyDeployment(spec), opts);
    },
  };
}

interface UnitParts {
  spec: UnitSpec;
  secrets: UnitSecrets;
  making: UnitMaking;
}

/**
 * The controller is changed in its place, at no replicas; what starts it is a program, which is made anew as often as a
 * container would be elsewhere, with the same hooks.
 */
function unit(settings: KubernetesSettings, name: string, { spec, secrets, making }: UnitParts) {
  const { keeps, beforeChange, changeRefused, start, hooks, replacementTrigger, ...opts } = making;
  const { customTimeouts, deleteBeforeReplace, ...shared } = opts;
  const parent = shared.parent === undefined ? {} : { parent: shared.parent };
  const placeAs = (volume: string, location: UnitSpec["state"], at: string) =>
    placeIn(settings, volume, location, at);
  // Nothing may start what changes then. Its records may be younger than its pod: they don't know what it was made for.
  const isKept = keeps.all || keeps.labels || replacementTrigger === undefined;
  const pod = podTemplate(spec, placeAs);
  // Whatever changes its pod stops it: then it has to be started, too.
  const trigger = `${spec.trigger}${spec.missingTrigger}.${fingerprint(pod)}`;
  const kind = kindOfUnit(spec);
  const importId = `${settings.namespace}/${spec.name}`;
  const { adopted } = spec;
  const inputs = controllerArgs(kind, spec, pod, trigger);
  const stays = isKept ? keptPaths : [];
  const beside = [
    // Both go by the port of the pod that is there.
    new Service(name, service(spec), {
      ...parent,
      ...(isKept && { ignoreChanges: ["spec"] }),
      ...(adopted?.beside.includes("Service") && {
        ...{ ignoreChanges: keptAsIs, retainOnDelete: true },
        ...(adopted.now && { import: importId }),
      }),
    }),
    // Who reached it before must reach it still: one policy that selects a pod shuts everybody else out.
    ...(adopted === undefined
      ? [
          new NetworkPolicy(name, networkPolicy(spec), {
            ...parent,
            ...(isKept && { ignoreChanges: ["spec"] }),
          }),
        ]
      : []),
  ];
  const controller = new controllerTypes[kind](name, inputs, {
    ...shared,
    ...(deleteBeforeReplace !== undefined && { deleteBeforeReplace }),
    dependsOn: [...shared.dependsOn, ...beside],
    // How many there are is for the steps to say, and what can't change stays as it is.
    ignoreChanges: [
      "spec.replicas",
      ...controllerKinds[kind].fixed,
      ...(adopted !== undefined && !adopted.now ? [forcePath] : []),
      ...stays,
    ],
    // Protected, it can't be replaced: the object is the way back.
    ...(adopted?.now && { import: importId, protect: true, retainOnDelete: true }),
    hooks: {
      beforeUpdate: [beforeChange],
      onError: [changeRefused],
      ...(hooks?.beforeDelete && { beforeDelete: hooks.beforeDelete }),
    },
  });
  // After the controller, whose change stops the unit: one that goes on, or is put back, has the values that it had.
  const values = secretOf(name, spec, secrets, {
    ...parent,
    dependsOn: [controller],
    ...((keeps.secrets || isKept) && { ignoreChanges: ["data"] }),
  });
  return start(name, trigger, {
    ...parent,
    dependsOn: [controller, ...values],
    deleteBeforeReplace: true,
    // The trigger that it was started for stays in the state: the next change of its pod is compared with that one.
    ...(isKept && { ignoreChanges: ["*"] }),
    hooks: {
      ...(hooks?.beforeCreate && { beforeCreate: hooks.beforeCreate }),
      ...(hooks?.onError && { onError: hooks.onError }),
    },
    ...(customTimeouts && { customTimeouts }),
  });
}

/** What is there of an object that this stack did not make. */
const keptAsIs = ["metadata.labels", "metadata.annotations", "metadata.finalizers", "spec"];

/** Set as long as fields of an adopted controller are another manager's, and never taken out again: that is no update. */
const forcePath = `metadata.annotations["${forceAnnotation}"]`;

function secretOf(
  name: string,
  spec: UnitSpec,
  { token, named }: UnitSecrets,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const variables = secretsOf(spec);
  if (variables.length === 0) return [];
  // As the provider keeps it: of a value under `stringData` it would find a difference for ever.
  const data = pulumi.secret(
    pulumi.all([token, named]).apply(([plainToken, values]) =>
      Object.fromEntries(
        variables.map(({ key }) => {
          const value = key === tokenKey ? plainToken : (values[key] ?? "");
          return [key, Buffer.from(value).toString("base64")];
        }),
      ),
    ),
  );
  const metadata = { name: secretName(spec.name), labels: unitLabels(spec) };
  return [new Secret(name, { metadata, data }, opts)];
}

/** All but the image: that is the one of what is there, and one that the program does not say is one that no review sees. */
const keptPaths: readonly string[] = [
  ...["metadata", "spec.template.metadata"],
  ...[
    "automountServiceAccountToken",
    "serviceAccountName",
    "hostAliases",
    "securityContext",
    "terminationGracePeriodSeconds",
    "volumes",
  ].map((key) => `spec.template.spec.${key}`),
  ...[
    ...["command", "args", "workingDir", "env", "ports", "readinessProbe", "resources"],
    ...["securityContext", "volumeMounts"],
  ].map((key) => `spec.template.spec.containers[0].${key}`),
];
