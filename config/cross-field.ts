import type { CheckDeclaration } from "./check-kind.ts";
import { type Place, placeProblems, published, stateAt, valid } from "./collisions.ts";
import {
  containerProblems,
  instanceMountProblems,
  instanceSecretProblems,
  placesIn,
  portsOf,
} from "./container-rules.ts";
import { digestOf, shortReference } from "./image-reference.ts";
import { instanceGroupSettings } from "./instance-group-schema.ts";
import { fieldOf, isMapping } from "./json.ts";
import { leftOutProblems } from "./left-out-rule.ts";
import { suggestion } from "./nearest.ts";
import { networkModeProblems } from "./network-mode.ts";
import { type Path, type Problem, pathText } from "./problem.ts";
import { volumeOf, waveCount } from "./rollout.ts";
import {
  type AgentImageConfig,
  agentImage,
  type InstanceConfig,
  type InstanceGroupConfig,
} from "./schema.ts";
import { tokenCommand } from "./secrets.ts";
import { checkProblems, managedProblems, trackPlaces, trackProblems } from "./track-rules.ts";

const groupShape = instanceGroupSettings.shape;

/** A group as far as it is valid: what does not parse is undefined, and the rules that need it pass it over. */
interface GroupView {
  name: string;
  agentImage: string | undefined;
  instances: (InstanceConfig | undefined)[];
  waves: InstanceGroupConfig["waves"] | undefined;
  wave: number | undefined;
  tokenVariable: string | undefined;
  environment: Record<string, string> | undefined;
}

type AgentImageView = { [release in keyof AgentImageConfig]?: string | undefined };

/** The rules that no single field can break. Reported also when other parts of the configuration are invalid. */
export function crossFieldProblems(raw: unknown, kinds: readonly CheckDeclaration[]): Problem[] {
  const images = imagesOf(raw);
  const groups = Object.keys(mapping(fieldOf(raw, "instanceGroups"))).map((name) => groupView(raw, name));
  const places = [...groups.flatMap((group) => placesOf(raw, group)), ...trackPlaces(raw)];
  const names = places.map(({ name, containerName }) => containerName ?? name);
  return [
    ...[...images].flatMap(([name, view]) => releaseProblems(name, view)),
    ...groups.flatMap((group) => [
      ...agentImageProblems(group, images),
      ...waveProblems(group),
      ...checkProblems(["instanceGroups", group.name], groupOf(raw, group.name), "runtime", kinds),
      ...tokenProblems(group),
      ...containerProblems(
        ["instanceGroups", group.name],
        fieldOf(groupOf(raw, group.name), "container"),
        "gateway",
      ),
      ...list(fieldOf(groupOf(raw, group.name), "instances")).flatMap((instance, index) => {
        const path = ["instanceGroups", group.name, "instances", index];
        const container = fieldOf(groupOf(raw, group.name), "container");
        return [
          ...instanceSecretProblems(path, instance, container),
          ...instanceMountProblems(path, instance, container),
        ];
      }),
      ...managedProblems(raw, group.name),
      ...networkModeProblems(["instanceGroups", group.name], groupOf(raw, group.name), names),
    ]),
    ...trackProblems(raw, [...images.keys()], kinds),
    ...containerProblems(
      ["controlPlane"],
      fieldOf(fieldOf(raw, "controlPlane"), "container"),
      "control-plane",
    ),
    ...networkModeProblems(["controlPlane"], fieldOf(raw, "controlPlane"), names),
    ...placeProblems(raw, places),
    ...leftOutProblems(raw),
  ];
}

function imagesOf(raw: unknown): Map<string, AgentImageView> {
  const { shape } = agentImage;
  return new Map(
    Object.entries(mapping(fieldOf(raw, "agentImages"))).map(([name, image]) => [
      name,
      {
        stable: valid(shape.stable, fieldOf(image, "stable")),
        candidate: valid(shape.candidate, fieldOf(image, "candidate")),
        previous: valid(shape.previous, fieldOf(image, "previous")),
      },
    ]),
  );
}

function groupView(raw: unknown, name: string): GroupView {
  const group = groupOf(raw, name);
  const container = fieldOf(group, "container");
  const agentImage = valid(groupShape.agentImage, fieldOf(group, "agentImage"));
  return {
    name,
    agentImage,
    instances: list(fieldOf(group, "instances")).map((entry) => valid(groupShape.instances.element, entry)),
    waves: valid(groupShape.waves, fieldOf(group, "waves")),
    wave: valid(groupShape.wave, fieldOf(group, "wave")),
    tokenVariable: valid(containerShape.tokenVariable, fieldOf(container, "tokenVariable")),
    environment: valid(containerShape.environment, fieldOf(container, "environment")),
  };
}

const containerShape = groupShape.container.unwrap().shape;

function mapping(value: unknown): object {
  return isMapping(value) ? value : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function placesOf(raw: unknown, group: GroupView): Place[] {
  const managed = fieldOf(groupOf(raw, group.name), "managed") === true;
  const container = fieldOf(groupOf(raw, group.name), "container");
  const shared = ["instanceGroups", group.name];
  return group.instances.flatMap((instance, index) => {
    if (instance === undefined) return [];
    const path = ["instanceGroups", group.name, "instances", index];
    const state = stateAt(pathOfState(path, instance), { volume: volumeOf(instance), ...instance });
    return [
      {
        path,
        name: instance.name,
        containerName: instance.containerName,
        ports: [...published(path, instance.publish), ...portsOf(shared, container)],
        hosts: instance.hosts ?? [],
        states: managed
          ? []
          : [
              state,
              ...placesIn([...shared, "container", "mounts"], fieldOf(container, "mounts"), instance.mounts),
              ...placesIn([...path, "mounts"], instance.mounts),
            ],
      },
    ];
  });
}

function pathOfState(path: Path, instance: InstanceConfig): Path {
  if (instance.directory !== undefined) return [...path, "directory"];
  return instance.volume !== undefined ? [...path, "volume"] : path;
}

function groupOf(raw: unknown, name: string): unknown {
  return fieldOf(fieldOf(raw, "instanceGroups"), name);
}

/** Two references with one digest are one image, whatever their tags say. */
function releaseProblems(name: string, view: AgentImageView): Problem[] {
  const pairs = [
    [
      "candidate",
      "stable",
      "there would be nothing to roll out",
      "Write the new version, or remove `candidate`",
    ],
    [
      "previous",
      "stable",
      "there would be nothing to go back to",
      "Write the release before, or remove `previous`",
    ],
    [
      "previous",
      "candidate",
      "going back would go forward",
      "Write the release before `stable`, or remove `previous`",
    ],
  ] as const;
  return pairs.flatMap(([release, other, consequence, remedy]) => {
    const [reference, otherReference] = [view[release], view[other]];
    if (reference === undefined || otherReference === undefined) return [];
    if (digestOf(reference) !== digestOf(otherReference)) return [];
    return [
      {
        path: ["agentImages", name, release],
        message: `${shortReference(reference)} is the same image as \`${other}\`: ${consequence}. ${remedy}.`,
      },
    ];
  });
}

function agentImageProblems(group: GroupView, images: Map<string, AgentImageView>): Problem[] {
  if (group.agentImage === undefined || images.has(group.agentImage)) return [];
  return [
    {
      path: ["instanceGroups", group.name, "agentImage"],
      message: `no agent image is called ${JSON.stringify(group.agentImage)}. Add it under ${pathText(["agentImages"])}, or ${suggestion(group.agentImage, [...images.keys()])}`,
    },
  ];
}

function waveProblems(group: GroupView): Problem[] {
  const { wave, waves } = group;
  const path = ["instanceGroups", group.name];
  const problems: Problem[] = [];
  const total = group.instances.length;
  if (waves !== undefined && total > 0) problems.push(...planProblems([...path, "waves"], waves, total));
  if (wave === undefined) return problems;
  if (waves !== undefined && wave >= waves.length) {
    problems.push({
      path: [...path, "wave"],
      message: `there is no wave ${wave}: the last of \`waves\` is ${waves.length - 1}. Write 0 to ${waves.length - 1}.`,
    });
  }
  return problems;
}

function planProblems(path: Path, waves: InstanceGroupConfig["waves"], total: number): Problem[] {
  const problems: Problem[] = [];
  const counts = waves.map((wave) => waveCount(wave, total));
  counts.forEach((count, index) => {
    const before = counts[index - 1];
    if (index === 0 && count !== 1) {
      problems.push({
        path: [...path, 0],
        message: `the first wave comes to ${instances(count)}, but the canary is exactly one. Write 1.`,
      });
    }
    if (before !== undefined && count < before) {
      problems.push({
        path: [...path, index],
        message: `the wave comes to ${instances(count)}, fewer than the ${before} of the wave before. Write waves that grow, as in [1, "25%", "100%"].`,
      });
    }
  });
  const last = counts.at(-1) ?? 0;
  if (last < total) {
    problems.push({
      path: [...path, counts.length - 1],
      message: `the last wave leaves ${instances(total - last)} of ${total} behind. End with "100%".`,
    });
  }
  return problems;
}

function instances(count: number): string {
  return count === 1 ? "1 instance" : `${count} instances`;
}

function tokenProblems(group: GroupView): Problem[] {
  const variable = group.tokenVariable;
  if (variable === undefined || group.environment === undefined) return [];
  if (!Object.hasOwn(group.environment, variable)) return [];
  return [
    {
      path: ["instanceGroups", group.name, "container", "environment", variable],
      message: `a gateway's token stands here in plain text. Remove it and run ${tokenCommand}, with a new token.`,
    },
  ];
}
