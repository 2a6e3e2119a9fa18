import { describe, expect, test } from "vitest";
import { type KnownType, knownTypes } from "../../policies/image-paths.ts";
import kubernetes from "../policy/data/kubernetes-image-paths.json" with { type: "json" };
import privilegeProperties from "../policy/data/privilege-properties.json" with { type: "json" };
import { type SdkTypes, sdkProperties, sdkTypes } from "../policy/sdk-types.ts";

type Known = ReadonlyMap<string, Pick<KnownType, "images">>;

/** Places of the SDKs with an image in their names and no container's image in them. */
const others: Readonly<Record<string, readonly RegExp[]>> = {
  // Ceph's block devices, what a node reports, what the cluster writes itself.
  kubernetes: [/(^|\.)rbd\.image$/, /(^|\.)status\./],
  // What a build may take layers from.
  docker: [/^build\.cacheFrom\.images\[\]$/],
};

/** What an SDK has and the pack does not look at: types with an image, and their paths. */
function unmapped(provider: "docker" | "kubernetes", sdk: SdkTypes, known: Known): [string, string[]][] {
  return [...sdk].flatMap(([type, paths]) => {
    const mapped = known.get(type)?.images.map(({ path }) => path) ?? [];
    const missing = paths.filter(
      (path) => !mapped.includes(path) && !others[provider]?.some((other) => other.test(path)),
    );
    return missing.length === 0 ? [] : [[type, missing]];
  });
}

const sdks = { kubernetes: sdkTypes("@pulumi/kubernetes"), docker: sdkTypes("@pulumi/docker") };

describe.each(["kubernetes", "docker"] as const)("the %s SDK that is installed", (provider) => {
  const sdk = sdks[provider];
  const mapped = [...knownTypes].filter(
    ([type, { images }]) => type.startsWith(`${provider}:`) && images.length > 0,
  );

  test("has no image that the pack does not look at", () => {
    expect(unmapped(provider, sdk, knownTypes)).toEqual([]);
  });

  test("would show a type, or a path of a type, that is taken out of the map, and a new one", () => {
    for (const [type, { images }] of mapped) {
      const named = images.filter(({ path }) => sdk.get(type)?.includes(path));
      const without = new Map([...knownTypes].filter(([each]) => each !== type));
      const paths = named.map(({ path }) => path).toSorted();
      expect(unmapped(provider, sdk, without)).toEqual(paths.length === 0 ? [] : [[type, paths]]);
      for (const taken of named) {
        const less = new Map<string, Pick<KnownType, "images">>(knownTypes);
        less.set(type, { images: images.filter((each) => each !== taken) });
        expect(unmapped(provider, sdk, less)).toEqual([[type, [taken.path]]]);
      }
    }
    const next = new Map([...sdk, [`${provider}:next/v1:Pod`, ["spec.containers[].image"]]]);
    expect(unmapped(provider, next, knownTypes)).toEqual([
      [`${provider}:next/v1:Pod`, ["spec.containers[].image"]],
    ]);
  });
});

describe("the map of image places", () => {
  test("has nothing of Kubernetes that the SDK has not: 63 kinds, each path in it", () => {
    const ours = [...knownTypes].filter(([type]) => type.startsWith("kubernetes:"));
    expect(ours.length).toBe(63);
    for (const [type, { images }] of ours)
      expect(sdks.kubernetes.get(type), type).toEqual(expect.arrayContaining(images.map(({ path }) => path)));
  });

  test("rests on the same reading of the SDK as its list, which was made by another program", () => {
    const found = [...sdks.kubernetes].map(([type, paths]) => [type, paths.filter(isListed)] as const);
    expect(Object.fromEntries(found.filter(([, paths]) => paths.length > 0))).toEqual(
      Object.fromEntries(
        Object.entries<string[]>(kubernetes.types).map(([type, paths]) => [type, paths.toSorted()]),
      ),
    );
  });

  test("has each resource type of the Docker SDK, also those without an image", () => {
    const types = [...sdks.docker.keys()].filter((type) => type !== "docker");
    expect(types.length).toBe(12);
    expect(types.filter((type) => !knownTypes.has(type))).toEqual([]);
  });
});

describe("the properties of a container, in which a new version can bring a privilege", () => {
  test.each(Object.entries(privilegeProperties))("are looked at, each of them: %s", (declared, known) => {
    const names = declared.startsWith("core.")
      ? sdkProperties("@pulumi/kubernetes", declared)
      : sdkProperties("@pulumi/docker", declared, declared === "ContainerArgs" ? "container" : undefined);
    // One that is new is judged by least-privilege, or put down as giving nothing.
    expect(names).toEqual([...known.judged, ...known.others].toSorted());
  });
});

/** The list has no ids and no `imageRef` of a report. */
function isListed(path: string): boolean {
  return !/\.(imageID|imageRef)$/.test(path);
}
