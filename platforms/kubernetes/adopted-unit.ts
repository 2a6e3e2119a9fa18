import { posix } from "node:path";
import { controlPlaneContainer, gatewayContainer } from "../../config/container-schema.ts";
import { externalDatabase, externalDatabaseText } from "../../config/external-database.ts";
import { fieldOf } from "../../config/json.ts";
import { isSecretName, secretNameOf } from "../adopted-secrets.ts";
import {
  type Adoption,
  type ControlPlaneAdoption,
  controlPlaneKinds,
  type ManagedContainer,
  NotAdoptable,
} from "../adoption.ts";
import { managingControlPlane } from "../clawforce/recognise.ts";
import type { WantedUnit } from "../displaced.ts";
import type { Cluster } from "./cluster.ts";
import { kubectlName } from "./controller-kind.ts";
import { expanded, hasExpansion } from "./expansion.ts";
import { type FoundUnit, ownContainer } from "./found-unit.ts";
import { releaseOf } from "./helm-release.ts";
import { stackLabel } from "./labels.ts";
import { losses } from "./losses.ts";
import type { Container, EnvironmentVariable, PodSpec, Service } from "./objects.ts";
import { unfitFor } from "./unfit.ts";
import { unitOf } from "./unit.ts";

/** A unit as it was found, for its lines in a stack file. */
export interface AskedUnit {
  found: FoundUnit;
  /** Of its name. */
  service: Service | undefined;
  /** `1000:1000`, by its own word; undefined: it does not say. */
  user: string | undefined;
}

type Speaker = Pick<Cluster, "kubectl">;
type Usual = typeof gatewayContainer | typeof controlPlaneContainer;

interface Question {
  stateDirectory: string;
  port: number;
}

/** A variable whose value stands in a Secret. */
function variableRefs(env: readonly EnvironmentVariable[]) {
  return env.flatMap(({ name: variable, valueFrom }) => {
    const { name: secret, key } = valueFrom?.secretKeyRef ?? {};
    return secret !== undefined && key !== undefined ? [{ variable, secret, key }] : [];
  });
}

/** A gateway that somebody else has made, as the stack file would say it. */
export function adoptedUnit(cluster: Speaker, unit: AskedUnit, asked: Question): Adoption {
  return adoptionOf(cluster, unit, asked, gatewayContainer);
}

/** The same of a control plane. */
export function adoptedControlPlane(
  cluster: Speaker,
  unit: AskedUnit,
  asked: Partial<Question>,
  instances: ManagedContainer[],
): ControlPlaneAdoption {
  const { controller } = unit.found;
  const { name } = controller.metadata;
  const { env = [] } = ownContainer({ name, spec: controller.spec.template.spec });
  const variable = (wanted: string) => env.find((each) => each.name === wanted)?.value;
  const elsewhere = externalDatabase(variable);
  if (elsewhere !== undefined)
    throw new NotAdoptable(`${name} can't be adopted: ${externalDatabaseText(elsewhere)}`);
  const usual = controlPlaneContainer.parse({});
  const kind = controlPlaneKinds.find(({ prefix }) => env.some((each) => each.name.startsWith(prefix)));
  const question = {
    stateDirectory: asked.stateDirectory ?? variable(`${kind?.prefix}DATA_PATH`) ?? usual.stateDirectory,
    port: asked.port ?? usual.port,
  };
  const adoption = adoptionOf(cluster, unit, question, controlPlaneContainer);
  const isUnsure = kind === undefined;
  return {
    ...adoption,
    notes: [
      ...adoption.notes,
      ...(isUnsure
        ? [
            `None of its variables says that ${name} is a control plane. Look at \`data\` and \`database\` before you adopt it.`,
          ]
        : []),
    ],
    database: kind?.database ?? controlPlaneKinds[0].database,
    instances,
  };
}

function adoptionOf(
  cluster: Speaker,
  { found, service, user }: AskedUnit,
  asked: Question,
  schema: Usual,
): Adoption {
  const { controller, kind } = found;
  const { metadata, spec } = controller;
  const { name } = metadata;
  refuseOthers(found);
  const pod = spec.template.spec;
  const container = ownContainer({ name, spec: pod });
  const own = variablesOf(container, schema === gatewayContainer);
  const settings = settingsOf(found, container, { asked, user, schema, own });
  const { image, ...condition } = unitOf(found);
  const wanted = wantedOf(schema, settings);
  const grace = pod.terminationGracePeriodSeconds;
  return {
    ...{ container: name, instance: name, state: stateOf(name, container, pod, asked), settings },
    image: image.includes("@") ? withoutLatest(image) : undefined,
    startedWith: container.image ?? "",
    secrets: own.secrets,
    hasToken: own.hasToken,
    printedBy: printedBy(cluster, kubectlName(kind, name), container),
    inPlace: true,
    ...(grace !== undefined && { stopGrace: `${grace}s` }),
    lost: losses(found, { container: wanted }),
    notes: [
      ...unfitFor(cluster, found, service, { container: wanted }),
      ...noteLines(found, container, settings, schema),
    ],
    condition: conditionOf(condition),
  };
}

/** That tag says no version, and a stack file takes none that says none. */
function withoutLatest(image: string): string {
  return image.replace(/:latest@/i, "@");
}

function conditionOf({
  status,
  running,
  paused,
  health,
  managedBy,
}: Omit<ReturnType<typeof unitOf>, "image">) {
  return { ...{ status, running, paused, health }, ...(managedBy !== undefined && { managedBy }) };
}

function refuseOthers({ controller: { metadata } }: FoundUnit): void {
  const { name, labels = {} } = metadata;
  const manager = managingControlPlane(labels);
  if (manager !== undefined) {
    throw new NotAdoptable(
      `${name} is an instance of the control plane ${manager}, which makes it again by itself. Leave it where it is.`,
    );
  }
  const stack = labels[stackLabel];
  if (stack !== undefined) {
    throw new NotAdoptable(`${name} belongs to the stack ${stack} already. There is nothing to adopt.`);
  }
}

function stateOf(
  name: string,
  { volumeMounts = [] }: Container,
  { volumes = [] }: PodSpec,
  { stateDirectory }: Question,
): Adoption["state"] {
  const at = (path: string) => posix.resolve("/", path);
  const mount = volumeMounts.find(({ mountPath }) => at(mountPath) === at(stateDirectory));
  const claim = volumes.find((each) => each.name === mount?.name)?.persistentVolumeClaim?.claimName;
  if (mount !== undefined && claim !== undefined && mount.subPath === undefined) return { volume: claim };
  const others = volumeMounts.map(({ mountPath }) => mountPath);
  throw new NotAdoptable(
    mount === undefined
      ? `${name} has no claim at ${stateDirectory}. It has something at ${others.join(", ") || "no place"}: name the one with the state with --state-directory.`
      : `${name} has no whole claim at ${stateDirectory}, and only a claim of its own can be its state.`,
  );
}

interface Variables {
  plain: Record<string, string>;
  /** Variable -> the name that its secret would get. */
  secrets: Record<string, string>;
  hasToken: boolean;
}

function variablesOf({ env = [] }: Container, isGateway: boolean): Variables {
  const token = gatewayContainer.parse({}).tokenVariable;
  const referred = new Set(variableRefs(env).map(({ variable }) => variable));
  const found: Variables = { plain: {}, secrets: {}, hasToken: false };
  for (const { name, value } of env) {
    if (isGateway && name === token) found.hasToken = true;
    else if (referred.has(name) || (isSecretName(name) && value)) found.secrets[name] = secretNameOf(name);
    else if (value !== undefined) found.plain[name] = expanded(value);
  }
  return found;
}

interface Parts {
  asked: Question;
  user: string | undefined;
  schema: Usual;
  own: Variables;
}

function settingsOf(
  { controller }: FoundUnit,
  container: Container,
  { asked, user, schema, own }: Parts,
): Record<string, unknown> {
  const usual = schema.parse({});
  const { template } = controller.spec;
  const limits = container.resources?.limits ?? {};
  const labels = template.metadata?.labels ?? {};
  const account = template.spec.serviceAccountName;
  const isPlane = schema === controlPlaneContainer;
  const hasToken = template.spec.automountServiceAccountToken !== false;
  return {
    ...(asked.stateDirectory !== usual.stateDirectory && { stateDirectory: asked.stateDirectory }),
    ...(asked.port !== usual.port && { port: asked.port }),
    ...(container.command && { entrypoint: container.command.map(expanded) }),
    ...(container.args && { command: container.args.map(expanded) }),
    ...(container.workingDir !== undefined && { workingDirectory: container.workingDir }),
    ...((userOf(template.spec, container) ?? user) ? { user: userOf(template.spec, container) ?? user } : {}),
    ...(Object.keys(own.plain).length > 0 && { environment: own.plain }),
    ...(Object.keys(own.secrets).length > 0 && { secrets: own.secrets }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(limits.memory !== undefined && memoryOf(limits.memory)),
    ...(limits.cpu !== undefined && { cpus: cpusOf(limits.cpu) }),
    ...(isPlane && hasToken && account !== undefined && account !== "default" && { serviceAccount: account }),
    ...healthOf(container),
  };
}

function userOf({ securityContext = {} }: PodSpec, container: Container): string | undefined {
  const { runAsUser, runAsGroup = runAsUser } = { ...securityContext, ...container.securityContext };
  return typeof runAsUser === "number" ? `${runAsUser}:${String(runAsGroup)}` : undefined;
}

/** Bytes, as the stack file says them: `2Gi` is `2 GiB` there. */
function memoryOf(quantity: string): { memory?: string } {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([KMGT]i)?$/.exec(quantity) ?? [];
  return number === undefined ? {} : { memory: unit === undefined ? `${number} B` : `${number} ${unit}B` };
}

function cpusOf(quantity: string): number {
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
}

function healthOf({ readinessProbe: probe }: Container): { health?: object } {
  if (probe === undefined) return {};
  const path = fieldOf(probe.httpGet, "path");
  const times = {
    ...(probe.periodSeconds !== undefined && { interval: `${probe.periodSeconds}s` }),
    ...(probe.timeoutSeconds !== undefined && { timeout: `${probe.timeoutSeconds}s` }),
    ...(probe.failureThreshold !== undefined && { retries: probe.failureThreshold }),
  };
  if (probe.exec !== undefined) return { health: { command: probe.exec.command, ...times } };
  return typeof path === "string" ? { health: { path, ...times } } : { health: times };
}

/** Enough of what the workload's own container would be to say what it would not have. */
function wantedOf(schema: Usual, settings: Record<string, unknown>): WantedUnit["container"] {
  return { ...schema.parse({}), ...settings } as WantedUnit["container"];
}

/** Commands that print the values of its variables. */
function printedBy(cluster: Speaker, unit: string, { name, env = [] }: Container): Record<string, string> {
  const refs = new Map(variableRefs(env).map((each) => [each.variable, each]));
  return Object.fromEntries(
    env.map(({ name: variable }) => {
      const ref = refs.get(variable);
      const at = `{.spec.template.spec.containers[?(@.name=="${name}")].env[?(@.name=="${variable}")].value}`;
      return [
        variable,
        ref === undefined
          ? cluster.kubectl(`get ${unit} --output 'jsonpath=${at}'`)
          : `${cluster.kubectl(`get secret ${ref.secret} --output 'go-template={{index .data "${ref.key}"}}'`)} | base64 --decode`,
      ];
    }),
  );
}

function noteLines(
  { controller }: FoundUnit,
  container: Container,
  settings: Record<string, unknown>,
  schema: Usual,
): string[] {
  const { metadata } = controller;
  const release = releaseOf(metadata);
  const isPlane = schema === controlPlaneContainer;
  const hasCommand = container.readinessProbe?.exec !== undefined;
  const { command = [], args = [], env = [] } = container;
  const texts = [...command, ...args, ...env.flatMap(({ value }) => value ?? [])];
  return [
    ...(release === undefined
      ? []
      : [
          `It is of the Helm release ${release}. \`pulumi up\` hides that release from Helm, which would put its old image back.`,
          "The other objects of the release stay as they are. docs/kubernetes.md says how to give it back to Helm.",
        ]),
    ...(/:latest(@|$)/i.test(container.image ?? "") || !/:[^/]+$/.test(container.image ?? "")
      ? [
          `Its image ${container.image} says no version. The lines name it by its digest alone. Write the tag of its version before that.`,
        ]
      : []),
    ...(texts.some(hasExpansion)
      ? [
          "It has `$(NAME)` in a variable or its command. Kubernetes puts the value of that variable there. The lines keep the words: write the value in their place.",
        ]
      : []),
    ...(settings.user === undefined
      ? ["It does not say whom it runs as. Write `container.user`, by its number."]
      : []),
    ...(isPlane && !hasCommand
      ? [
          "Its readiness probe is no command. The new one asks with `wget` in the image. If that is missing there, write `container.health.command`.",
        ]
      : []),
  ];
}
