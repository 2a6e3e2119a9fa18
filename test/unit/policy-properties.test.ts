import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commandType, containerType, fleetTypes } from "../../policies/fleet-facts.ts";
import { knownTypes } from "../../policies/image-paths.ts";
import { readImageReference } from "../../policies/image-reference.ts";
import { podKinds } from "../../policies/pod-kinds.ts";
import { rules } from "../../policies/rules.ts";
import oracle from "../policy/data/image-reference-oracle.json" with { type: "json" };
import { fleetStack, image, preparationOf, withProps } from "../policy/fleet-stack.ts";
import { judged, type Violation } from "../policy/judged.ts";
import { built, unknownText } from "../policy/props.ts";
import { idOf, judgedStack, type StackResource } from "../policy/stack.ts";
import { written } from "../policy/written-reference.ts";

/** Always the same examples: a run that fails is to fail again. */
const runs = { seed: 20_261_121, numRuns: 200 };
const few = { ...runs, numRuns: 60 };

const resourceRules = rules.filter((rule): rule is ResourceValidationPolicy => "validateResource" in rule);
const stackRules = rules.filter((rule): rule is StackValidationPolicy => "validateStack" in rule);

const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 64, maxLength: 64 });
const digest = hex.map((digits) => `sha256:${digits}`);
const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
const registry = fc.oneof(
  fc.constantFrom("localhost", "docker.io", "ghcr.io", "[::1]:5000"),
  fc.tuple(word, word, fc.nat(65_535)).map(([host, domain, port]) => `${host}.${domain}:${port}`),
);
/** As Docker writes it in full: what is read is what stands there. */
const whole = fc
  .record(
    { registry, path: fc.tuple(word, word).map((parts) => parts.join("/")), tag, digest },
    { requiredKeys: ["registry", "path"] },
  )
  .filter(({ path }) => path.length !== 64);

const anyCharacter = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

describe("the reader of image references", () => {
  test("reads each part that is written, and writes what it has read", () => {
    fc.assert(
      fc.property(whole, (reference) => {
        const read = readImageReference(written(reference));
        expect(read).toEqual(reference);
        expect("problem" in read ? undefined : written(read)).toBe(written(reference));
      }),
      runs,
    );
  });

  test("judges an input of the oracle the same with another tag or other digits of its digest", () => {
    const tagged = oracle.cases.filter(({ normalized: { valid, tag: has } }) => valid && has !== undefined);
    const pinned = oracle.cases.filter(({ input }) => /@sha256:[0-9a-f]{64}$/.test(input));
    fc.assert(
      fc.property(fc.constantFrom(...tagged), tag, ({ input, normalized: { tag: old = "" } }, other) => {
        const at = input.includes("@") ? input.lastIndexOf("@") : input.length;
        const changed = `${input.slice(0, at - old.length)}${other}${input.slice(at)}`;
        expect(readImageReference(changed)).toEqual({ ...readImageReference(input), tag: other });
      }),
      runs,
    );
    fc.assert(
      fc.property(fc.constantFrom(...pinned), digest, ({ input, normalized }, other) => {
        const read = readImageReference(`${input.slice(0, input.lastIndexOf("@"))}@${other}`);
        expect("problem" in read).toBe(!normalized.valid);
      }),
      runs,
    );
  });

  test("takes no input of the oracle with white space, a control or a character that no eye tells apart in it", () => {
    const odd = fc.constantFrom(" ", "\t", "\n", "\u0000", "\u00a0", "\u200b", "\u0430", "\uff1a", "\ud83d");
    fc.assert(
      fc.property(fc.constantFrom(...oracle.cases), odd, fc.nat(), ({ input }, character, place) => {
        const at = place % (input.length + 1);
        expect(readImageReference(input.slice(0, at) + character + input.slice(at))).toHaveProperty(
          "problem",
        );
      }),
      runs,
    );
  });

  test("says of any text what it is or what is wrong with it", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), (text) => {
        const read = readImageReference(text);
        if ("problem" in read) expect(read.problem).not.toBe("");
        else expect(readImageReference(written(read))).toEqual(read);
      }),
      runs,
    );
  });
});

/** Any value of a program, with values that are not known at preview anywhere in it. */
const unknowns = [
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  unknownText,
];
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    ...unknowns,
    null,
    true,
    false,
    0,
    -1,
    1e21,
    "",
    "a",
    "10m",
    "/",
    "..",
    image("a"),
  ),
  fc.string({ maxLength: 12 }),
);
const keys = fc.constantFrom(
  ...[
    "name",
    "value",
    "image",
    "images",
    "repository",
    "tag",
    "spec",
    "containers",
    "volumes",
    "env",
    "labels",
  ],
  ...["label", "hostPath", "mounts", "source", "judged", "triggers", "replicas", "capabilities", "length"],
  ...["toString", "constructor", "then", "hasOwnProperty"],
);
const anything = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 4 }),
  ),
})).value;

const types = [
  ...knownTypes.keys(),
  ...[...podKinds.keys()].slice(0, 20),
  ...Object.values(fleetTypes),
  ...[commandType, "pulumi:pulumi:Stack", "kubernetes:core/v1:Secret", "kubernetes:core/v1:ConfigMap"],
  ...[
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:argoproj.io/v1alpha1:Rollout",
    "kubernetes:core/v1:Service",
  ],
];
const paths = [
  "",
  "spec",
  "spec.template.spec",
  "spec.containers[]",
  "volumes[]",
  "mounts[]",
  "judged",
  "data",
];

describe.each(resourceRules.map((rule) => [rule.name, rule] as const))("%s", (_name, rule) => {
  test("judges whatever a program gives to a resource, and never says that it could not", () => {
    const resource = fc.record({
      type: fc.constantFrom(...types),
      path: fc.constantFrom(...paths),
      value: anything,
    });
    fc.assert(
      fc.property(resource, ({ type, path, value }) => {
        const props = path === "" ? propsOf(value) : built(path, value);
        for (const { message } of judged(rule, { type, props }))
          expect(message).not.toContain("could not judge");
      }),
      { ...runs, numRuns: 400 },
    );
  });

  const container = fc.record(
    {
      name: word,
      image: fc.oneof(fc.constantFrom("img", "img:latest", "img:1.2.3", unknownText, image("a")), word),
      securityContext: fc.record(
        {
          privileged: fc.constantFrom<unknown>(true, false, unknownText),
          runAsUser: fc.constantFrom(0, 1000),
        },
        { requiredKeys: [] },
      ),
      env: fc.array(fc.record({ name: fc.constantFrom("AGENT_IMAGE", "API_TOKEN", "A"), value: leaf }), {
        maxLength: 2,
      }),
    },
    { requiredKeys: ["name", "image"] },
  );
  const bad = { name: "bad", image: "evil.example.com/img:latest", securityContext: { privileged: true } };

  test("loses no refusal by one more bad container, wherever it is put", () => {
    fc.assert(
      fc.property(fc.array(container, { maxLength: 4 }), fc.nat(4), (containers, place) => {
        const refusals = (all: readonly object[]) =>
          judged(rule, { type: "kubernetes:core/v1:Pod", props: { spec: { containers: all } } })
            .filter(({ level }) => level === undefined)
            .map(({ message }) => message.replaceAll(/\[\d+\]/g, "[]"))
            .toSorted();
        const more = refusals(containers.toSpliced(place % (containers.length + 1), 0, bad));
        const [before, last] = [refusals(containers), refusals([...containers, bad])];
        for (const message of new Set(before))
          expect(count(more, message)).toBeGreaterThanOrEqual(count(before, message));
        // And its place makes no difference.
        expect(more).toEqual(last);
      }),
      few,
    );
  });
});

function propsOf(value: unknown): object {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : { value };
}

function count(messages: readonly string[], message: string): number {
  return messages.filter((each) => each === message).length;
}

/** Fleets of which each rule has something to say. */
const fleets: readonly StackResource[][] = [
  fleetStack({
    workloads: ["a", "b", "c", "d"].map((name, index) => ({
      ...{ name, group: "support", image: image("b"), from: image("a"), wave: Math.min(index, 1) },
      ...(index === 0 && { role: "canary" }),
    })),
    groups: { support: { wave: 1, candidate: image("b") } },
    agentImages: { agent: { stable: image("a"), candidate: image("b") } },
  }),
  fleetStack({
    workloads: [
      { name: "claw", image: image("c"), from: image("a") },
      {
        name: "a",
        group: "g",
        role: "canary",
        image: image("b"),
        from: image("a"),
        judged: { pause: { hold: 10, drain: 40, unseen: 0, stopGrace: 30, coldPass: 2, start: 150 } },
      },
      {
        name: "b",
        group: "g",
        wave: 1,
        image: image("a"),
        container: { volumes: [{ volumeName: "a-state", containerPath: "/s" }] },
      },
      { name: "c", group: "h", wave: 1, image: image("a"), managed: true, from: "" },
    ],
    controlPlane: { image: image("c"), previous: image("c") },
  }).flatMap((each) => {
    if (each.type === "docker:index/volume:Volume") return [{ ...each, opts: {} }];
    return idOf(each) === preparationOf("a")
      ? [{ ...each, props: { ...each.props, triggers: ["other"] } }]
      : [each];
  }),
];

describe.each(stackRules.map((rule) => [rule.name, rule] as const))("%s", (_name, rule) => {
  const said = (resources: readonly StackResource[]): Violation[] => judgedStack(rule, resources);

  test("says the same in the same order, whatever order the resources are in", () => {
    for (const resources of fleets) {
      const expected = said(resources);
      const order = fc.shuffledSubarray([...resources], { minLength: resources.length });
      fc.assert(
        fc.property(order, (turned) => {
          expect(said(turned)).toEqual(expected);
        }),
        few,
      );
    }
    expect(fleets.flatMap(said)).not.toEqual([]);
  });

  test("judges whatever stands in a fleet, and never says that it could not", () => {
    const change = fc.record({
      resources: fc.constantFrom(...fleets),
      at: fc.nat(),
      path: fc.nat(),
      value: anything,
    });
    fc.assert(
      fc.property(change, ({ resources, at, path, value }) => {
        const one = resources[at % resources.length] as StackResource;
        const places = pathsIn(one.props ?? {});
        const place = places[path % places.length] ?? [];
        const changed = resources.map((each) =>
          each === one ? { ...each, props: propsOf(replaced(each.props ?? {}, place, value)) } : each,
        );
        for (const { message } of said(changed)) expect(message).not.toContain("could not judge");
      }),
      runs,
    );
  });

  test("loses no refusal by a container that is not ours on the state of a workload", () => {
    for (const resources of fleets) {
      const foreign: StackResource = {
        ...{ type: containerType, name: "foreign" },
        props: { image: "img:latest", volumes: [{ volumeName: "a-state", containerPath: "/s" }] },
      };
      expect(refused(said([...resources, foreign]))).toBeGreaterThanOrEqual(refused(said(resources)));
    }
  });

  test("says no less when the image of a workload is not known at preview", () => {
    for (const resources of fleets) {
      const id = `a ${containerType}`;
      if (!resources.some((each) => idOf(each) === id)) continue;
      expect(refused(said(withProps(resources, id, { image: unknownText })))).toBeGreaterThanOrEqual(
        refused(said(resources)),
      );
    }
  });
});

function refused(violations: readonly Violation[]): number {
  return violations.filter(({ level }) => level === undefined).length;
}

/** The ways to all that stands below a value, that to itself first. */
function pathsIn(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [[]];
  const below = Object.entries(value).flatMap(([key, each]) => pathsIn(each).map((path) => [key, ...path]));
  return [[], ...below];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  Reflect.set(copy, key, replaced(Reflect.get(copy, key), rest, by));
  return copy;
}
