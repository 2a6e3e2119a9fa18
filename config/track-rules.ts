import type { CheckDeclaration } from "./check-kind.ts";
import { type Place, published, stateAt, valid } from "./collisions.ts";
import { placesIn, portsOf } from "./container-rules.ts";
import { controlPlaneSettings } from "./control-plane-schema.ts";
import { externalDatabase, externalDatabaseText } from "./external-database.ts";
import { digestOf, shortReference } from "./image-reference.ts";
import { ingress } from "./ingress-schema.ts";
import { fieldOf } from "./json.ts";
import { suggestion } from "./nearest.ts";
import { type Path, type Problem, pathText } from "./problem.ts";
import type { Track } from "./track.ts";
import { formatDuration, seconds } from "./units.ts";

/** The gate runs while the ingress is held: no check of it may take longer. Seconds. */
const gateDeadline = 15;

/** The rules of the two tracks, and of what production demands. */
export function trackProblems(
  raw: unknown,
  agentImages: readonly string[],
  kinds: readonly CheckDeclaration[],
): Problem[] {
  return [
    ...windowProblems(raw),
    ...productionProblems(raw),
    ...controlPlaneProblems(raw, agentImages, kinds),
  ];
}

/** The containers of the control plane and of the ingress. */
export function trackPlaces(raw: unknown): Place[] {
  return [...controlPlanePlace(fieldOf(raw, "controlPlane")), ...ingressPlace(fieldOf(raw, "ingress"))];
}

function windowProblems(raw: unknown): Problem[] {
  if (fieldOf(raw, "window") !== "control-plane" || fieldOf(raw, "controlPlane") !== undefined) return [];
  return [
    {
      path: ["window"],
      message: `the window is the control plane's, but there is none. Write runtime or none, or add ${pathText(["controlPlane"])}.`,
    },
  ];
}

function productionProblems(raw: unknown): Problem[] {
  if (fieldOf(raw, "environment") !== "production") return [];
  const change = fieldOf(raw, "change");
  const problems: Problem[] = [];
  if (change === undefined) {
    problems.push({
      path: ["change"],
      message:
        "production demands a change record. Write its `owner` (who decides on going back), its `ticket`, and `changelogReviewed: true` once the release notes and open issues are read.",
    });
  } else if (fieldOf(change, "changelogReviewed") === false) {
    problems.push({
      path: ["change", "changelogReviewed"],
      message:
        "the release notes are not reviewed. Read them, the open issues and the breaking changes, then write true.",
    });
  }
  const evidence = fieldOf(raw, "evidence");
  if (evidence !== undefined && fieldOf(evidence, "signingKey") === undefined) {
    problems.push({
      path: ["evidence", "signingKey"],
      message:
        "production demands signed evidence. Make a key with `openssl genpkey -algorithm ed25519 -out KEY`, `chmod 600 KEY`, and write its path.",
    });
  }
  return problems;
}

function controlPlaneProblems(
  raw: unknown,
  agentImages: readonly string[],
  kinds: readonly CheckDeclaration[],
): Problem[] {
  const written = fieldOf(raw, "controlPlane");
  if (written === undefined) return [];
  const path = ["controlPlane"];
  const [image, previous] = ["image", "previous"].map((key) =>
    valid(controlPlaneSettings.shape.image, fieldOf(written, key)),
  );
  const problems: Problem[] = [];
  if (image !== undefined && previous !== undefined && digestOf(image) === digestOf(previous)) {
    problems.push({
      path: [...path, "previous"],
      message: `${shortReference(previous)} is the same image as \`image\`: there would be nothing to go back to. Write the release before, or remove \`previous\`.`,
    });
  }
  const wanted = fieldOf(written, "defaultAgentImage");
  if (typeof wanted === "string" && !agentImages.includes(wanted)) {
    problems.push({
      path: [...path, "defaultAgentImage"],
      message: `no agent image is called ${JSON.stringify(wanted)}. Add it under ${pathText(["agentImages"])}, or ${suggestion(wanted, [...agentImages])}`,
    });
  }
  const variable = fieldOf(fieldOf(written, "account"), "passwordVariable");
  const environment = fieldOf(fieldOf(written, "container"), "environment");
  if (typeof variable === "string" && fieldOf(environment, variable) !== undefined) {
    problems.push({
      path: [...path, "container", "environment", variable],
      message:
        "the account's password stands here in plain text. Remove it and run `pulumi config set --secret clawforce:controlPlanePassword`, with a new password.",
    });
  }
  const elsewhere = externalDatabase((name) => fieldOf(environment, name));
  if (elsewhere !== undefined) {
    problems.push({
      path: [...path, "container", "environment", elsewhere],
      message: externalDatabaseText(elsewhere),
    });
  }
  return [...problems, ...checkProblems(path, written, "control-plane", kinds)];
}

/** What the control plane makes is in its hands: the configuration names it, no more. */
export function managedProblems(raw: unknown, group: string): Problem[] {
  const written = fieldOf(fieldOf(raw, "instanceGroups"), group);
  if (fieldOf(written, "managed") !== true) return [];
  const path = ["instanceGroups", group];
  const entries = fieldOf(written, "instances");
  const own = ["containerName", "volume", "directory", "publish", "restore", "hosts", "mounts", "aliases"];
  return [
    ...(fieldOf(raw, "controlPlane") === undefined
      ? [
          {
            path: [...path, "managed"],
            message: `there is no control plane that could manage these instances. Add ${pathText(["controlPlane"])}, or remove \`managed\`.`,
          },
        ]
      : []),
    ...(Array.isArray(entries) ? entries : []).flatMap((entry, index) =>
      own
        .filter((key) => fieldOf(entry, key) !== undefined)
        .map((key) => ({
          path: [...path, "instances", index, key],
          message: "the control plane decides this for an instance that it manages. Remove the key.",
        })),
    ),
  ];
}

/** Checks that the track has nothing to answer to, and gates that would hold requests for too long. */
export function checkProblems(
  path: Path,
  written: unknown,
  track: Track,
  kinds: readonly CheckDeclaration[],
): Problem[] {
  return (["gate", "verification"] as const).flatMap((phase) =>
    listOf(fieldOf(written, phase)).flatMap((check, index) => {
      const at = [...path, phase, index];
      const kind = kinds.find(({ name }) => name === fieldOf(check, "kind"));
      return [
        ...(kind === undefined ? [] : kindProblems(at, check, track, kind)),
        ...(phase === "gate" ? deadlineProblems(at, check, kind) : []),
      ];
    }),
  );
}

function kindProblems(path: Path, check: unknown, track: Track, kind: CheckDeclaration): Problem[] {
  if (kind.tracks.includes(track)) return kind.problems?.(path, check, track) ?? [];
  const [what, where] =
    track === "runtime" ? ["gateway", pathText(["controlPlane"])] : ["control plane", "an instance group"];
  return [
    {
      path: [...path, "kind"],
      message: `a ${what} has no check ${JSON.stringify(kind.name)}. Move it to ${where}, or remove it.`,
    },
  ];
}

function deadlineProblems(path: Path, check: unknown, kind: CheckDeclaration | undefined): Problem[] {
  const written = valid(seconds, fieldOf(check, "deadline"));
  const deadline = (kind === undefined ? undefined : valid(kind.schema, check)?.deadline) ?? written;
  if (deadline === undefined || deadline <= gateDeadline) return [];
  return [
    {
      path: [...path, "deadline"],
      message: `${formatDuration(deadline)} is too long: requests are held while the gate runs. Write ${gateDeadline}s or less, or move the check to \`verification\`.`,
    },
  ];
}

function controlPlanePlace(written: unknown): Place[] {
  const { shape } = controlPlaneSettings;
  const name = valid(shape.name, fieldOf(written, "name"));
  if (written === undefined || name === undefined) return [];
  const path = ["controlPlane"];
  const data = valid(shape.data, fieldOf(written, "data"));
  const backups = valid(shape.backups, fieldOf(written, "backups"));
  return [
    {
      path,
      name,
      ports: [
        ...published(path, valid(shape.publish, fieldOf(written, "publish"))),
        ...portsOf(path, fieldOf(written, "container"), "control-plane"),
      ],
      hosts: valid(shape.hosts, fieldOf(written, "hosts")) ?? [],
      states: [
        ...(data === undefined ? [] : [stateAt([...path, "data"], data)]),
        ...(backups === undefined ? [] : [stateAt([...path, "backups"], backups)]),
        ...placesIn([...path, "container", "mounts"], fieldOf(fieldOf(written, "container"), "mounts")),
      ],
    },
  ];
}

function ingressPlace(written: unknown): Place[] {
  const { shape } = ingress;
  const name = valid(shape.name, fieldOf(written, "name"));
  if (written === undefined || name === undefined) return [];
  const publish = valid(shape.publish, fieldOf(written, "publish"));
  return [{ path: ["ingress"], name, ports: published(["ingress"], publish?.port), hosts: [], states: [] }];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
