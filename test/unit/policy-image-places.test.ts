import { describe, expect, test } from "vitest";
import { knownTypes } from "../../policies/image-paths.ts";
import { namesImage } from "../../policies/image-walk.ts";
import { placesOf } from "../policy/image-places.ts";
import { built, unknownText } from "../policy/props.ts";

function texts(type: string, props: object): [path: string, text: string][] {
  return placesOf(type, props).flatMap((place) => (place.kind === "text" ? [[place.path, place.text]] : []));
}

const everyPath = [...knownTypes].flatMap(([type, { images }]) =>
  images.map(({ path }) => [type, path] as const),
);

/** A path with the first item of each list on the way. */
function first(path: string): string {
  return path.replaceAll("[]", "[0]");
}

describe("the map of image places", () => {
  test("finds the image at each path of each type", () => {
    for (const [type, path] of everyPath) {
      expect(texts(type, built(path, "img:1")), `${type} ${path}`).toEqual([[first(path), "img:1"]]);
    }
  });

  test("says of an unknown image at each path that it is unknown", () => {
    for (const [type, path] of everyPath) {
      const place = { kind: "unknown", path: first(path) };
      expect(placesOf(type, built(path, unknownText)), `${type} ${path}`).toContainEqual(place);
    }
  });

  test("says of an unknown part on the way to each path that it is unknown", () => {
    for (const [type, path] of everyPath) {
      const parts = path.split(".");
      for (let length = 1; length < parts.length; length++) {
        const way = parts.slice(0, length).join(".");
        for (const each of new Set([way, way.replace(/\[\]$/, "")])) {
          const place = { kind: "unknown", path: first(each) };
          expect(placesOf(type, built(each, unknownText)), `${type} ${each}`).toContainEqual(place);
        }
      }
    }
  });

  test("does not lose the image at any path beside unknown siblings", () => {
    for (const [type, path] of everyPath) {
      const props = { ...built(path, "img:1"), other: unknownText, name2: unknownText };
      expect(texts(type, props), `${type} ${path}`).toEqual([[first(path), "img:1"]]);
    }
  });

  test("says of a number as the image at each path that it is malformed", () => {
    for (const [type, path] of everyPath) {
      const place = { kind: "malformed", path: first(path) };
      expect(placesOf(type, built(path, 5)), `${type} ${path}`).toContainEqual(place);
    }
  });

  test("sees that a program tells the engine to ignore the image at each path, or what is above it", () => {
    for (const [type, path] of everyPath) {
      const frozenBy = (...ignored: string[]) =>
        placesOf(type, {}, ignored).filter(({ kind }) => kind === "frozen");
      for (const ignored of [first(path), path.replaceAll("[]", "[*]"), path.split(/[.[]/)[0] ?? ""]) {
        expect(frozenBy(ignored, "labels"), `${type} ${ignored}`).toHaveLength(1);
      }
      expect(frozenBy("labels", "metadata.annotations"), type).toEqual([]);
    }
  });
});

describe("docker resources", () => {
  const container = "docker:index/container:Container";

  test("are built in the update by docker.Image always, by the others when they say so", () => {
    const isBuilt = (type: string, props: object) =>
      placesOf(type, props).some(({ kind }) => kind === "built");
    expect(isBuilt("docker:index/image:Image", { imageName: "img:1" })).toBe(true);
    for (const type of ["docker:index/remoteImage:RemoteImage", "docker:index/registryImage:RegistryImage"]) {
      expect(isBuilt(type, { name: "img:1" })).toBe(false);
      expect(isBuilt(type, { name: "img:1", build: { context: "." } })).toBe(true);
      expect(isBuilt(type, { name: "img:1", build: unknownText })).toBe(true);
    }
  });

  test("name images in variables whose name says so, in no other", () => {
    const envs = [
      "AGENT_IMAGE=img:1",
      "default_agent_image=img:2",
      "IMAGE_TAG=latest",
      "NOTE=img:latest",
      "EMPTY_IMAGE=",
    ];
    expect(texts(container, { image: "main:1", envs })).toEqual([
      ["image", "main:1"],
      ["envs[0]", "img:1"],
      ["envs[1]", "img:2"],
    ]);
    expect(
      texts("docker:index/service:Service", {
        taskSpec: { containerSpec: { image: "main:1", env: { AGENT_IMAGE: "img:1", NOTE: "x:1" } } },
      }),
    ).toEqual([
      ["taskSpec.containerSpec.image", "main:1"],
      ["taskSpec.containerSpec.env.AGENT_IMAGE", "img:1"],
    ]);
  });

  test("keep their image when a variable comes from the output of another resource", () => {
    expect(placesOf(container, { image: "img:latest", envs: ["A=1", unknownText] })).toEqual([
      { kind: "text", path: "image", use: "run", text: "img:latest", hidden: false },
      { kind: "unknown-entry", path: "envs[1]" },
    ]);
    expect(placesOf(container, { image: "img:latest", envs: unknownText })).toContainEqual({
      kind: "unknown-entry",
      path: "envs",
    });
  });
});

describe("variables of pods", () => {
  const pod = (env: unknown) => ({ spec: { containers: [{ image: "img:1", env }] } });

  test("name images in variables whose name says so, in no other", () => {
    const env = [
      { name: "AGENT_IMAGE", value: "agent:1" },
      { name: "NOTE", value: "note:1" },
      { name: "TOKEN", valueFrom: { secretKeyRef: unknownText } },
    ];
    expect(texts("kubernetes:core/v1:Pod", pod(env))).toEqual([
      ["spec.containers[0].image", "img:1"],
      ["spec.containers[0].env[0].value", "agent:1"],
    ]);
  });

  test.each([
    [
      { name: "AGENT_IMAGE", value: unknownText },
      { kind: "unknown", path: "spec.containers[0].env[0].value" },
    ],
    [
      { name: unknownText, value: "img:1" },
      { kind: "unknown-entry", path: "spec.containers[0].env[0].name" },
    ],
    [unknownText, { kind: "unknown-entry", path: "spec.containers[0].env[0]" }],
  ])("are a verdict when they are unknown (%#)", (entry, place) => {
    expect(placesOf("kubernetes:core/v1:Pod", pod([entry]))).toContainEqual(place);
  });

  test("with an unknown value are let be when their name names no image", () => {
    expect(placesOf("kubernetes:core/v1:Pod", pod([{ name: "URL", value: unknownText }]))).toHaveLength(1);
  });
});

describe("values without a map", () => {
  const custom = "kubernetes:argoproj.io/v1alpha1:Rollout";

  test.each<[props: object, found: [string, string][]]>([
    [{ spec: { image: "img:1" } }, [["spec.image", "img:1"]]],
    [
      { spec: { template: { containers: [{ image: "a:1" }, { image: "b:1" }] } } },
      [
        ["spec.template.containers[0].image", "a:1"],
        ["spec.template.containers[1].image", "b:1"],
      ],
    ],
    [
      { spec: { sidecarImage: "img:1", baseImageName: "b:1" } },
      [
        ["spec.baseImageName", "b:1"],
        ["spec.sidecarImage", "img:1"],
      ],
    ],
    [
      { spec: { volumes: [{ image: { reference: "img:1" } }] } },
      [["spec.volumes[0].image.reference", "img:1"]],
    ],
    [{ spec: { volumes: [{ rbd: { image: "disk", pool: "p" } }] } }, []],
    [{ spec: { rbd: { image: "disk" } } }, []],
    [{ spec: { osImage: "Debian" } }, []],
    [{ status: { image: "img:latest" } }, []],
    [{ spec: { backgroundImage: "https://example.com/a.png", logoImage: "/logo.png", image: "" } }, []],
    [{ spec: { image: { repository: "img" } } }, [["spec.image", "img"]]],
    [
      { spec: { image: { registry: "ghcr.io", repository: "a/img", tag: 1, digest: "" } } },
      [["spec.image", "ghcr.io/a/img:1"]],
    ],
    [
      { spec: { image: { name: "img", tag: "1", digest: "sha256:abc" } } },
      [["spec.image", "img:1@sha256:abc"]],
    ],
    [{ spec: { proxy: { repository: "img", tag: "1" } } }, [["spec.proxy", "img:1"]]],
    [{ spec: { source: { repository: "https://example.com/a.git", tag: "1" } } }, []],
    [
      { spec: { images: ["a:1", { repository: "b", tag: "2" }] } },
      [
        ["spec.images[0]", "a:1"],
        ["spec.images[1]", "b:2"],
      ],
    ],
    [{ spec: { images: { agent: "a:1" } } }, [["spec.images.agent", "a:1"]]],
    [
      { spec: { text: "image:\n  - image: 'a:1' # note\nimagePullPolicy: Always\n" } },
      [["spec.text.image[0].image", "a:1"]],
    ],
    [{ spec: { text: '{"image": "a:1"}' } }, [["spec.text.image", "a:1"]]],
    [{ rbd: { image: "disk" }, side: { image: "a:1" } }, [["side.image", "a:1"]]],
  ])("are searched by name: %j", (props, found) => {
    expect(texts(custom, props)).toEqual(found);
  });

  test("are found in a type of a container provider that nobody has mapped, in no other provider's", () => {
    const props = { spec: { image: "img:1" } };
    expect(texts("kubernetes:apps/v9:Deployment", props)).toEqual([["spec.image", "img:1"]]);
    expect(texts("docker:index/pod:Pod", props)).toEqual([["spec.image", "img:1"]]);
    expect(texts("gcp:compute/instance:Instance", props)).toEqual([]);
  });

  test("are a verdict when they are unknown", () => {
    expect(placesOf(custom, { spec: unknownText })).toEqual([{ kind: "unknown-entry", path: "spec" }]);
    expect(placesOf(custom, { spec: { a: unknownText, image: unknownText } })).toEqual([
      { kind: "unknown-entry", path: "spec.a" },
      { kind: "unknown", path: "spec.image" },
    ]);
    expect(placesOf(custom, { spec: { image: { repository: "img", tag: unknownText } } })).toEqual([
      { kind: "unknown", path: "spec.image" },
    ]);
  });

  test("hide nothing below the depth that is searched", () => {
    let nested: object = { image: "img:latest" };
    for (let depth = 0; depth < 100; depth++) nested = { below: nested };
    expect(placesOf(custom, nested).map(({ kind }) => kind)).toEqual(["unknown-entry"]);
  });

  test("have an order that does not depend on that of their keys", () => {
    const props = { spec: { image: "a:1", sidecarImage: "b:1" } };
    const turned = { spec: { sidecarImage: "b:1", image: "a:1" } };
    expect(placesOf(custom, turned)).toEqual(placesOf(custom, props));
  });

  test("of a Helm release are its values; what the chart itself brings is said to be out of sight", () => {
    const props = {
      chart: "agent",
      values: { image: { repository: "img", tag: "1" }, db: { rbd: { image: "d" } } },
    };
    expect(placesOf("kubernetes:helm.sh/v3:Release", props)).toEqual([
      { kind: "text", path: "values.image", use: "run", text: "img:1", hidden: false },
      { kind: "opaque", path: "chart", of: "chart" },
    ]);
    expect(placesOf("kubernetes:helm.sh/v3:Release", { valueYamlFiles: ["a.yaml"] })).toContainEqual({
      kind: "opaque",
      path: "valueYamlFiles",
      of: "chart",
    });
    expect(placesOf("kubernetes:helm.sh/v3:Release", { values: unknownText })).toContainEqual({
      kind: "unknown-entry",
      path: "values",
    });
  });
});

describe("ConfigMaps and Secrets", () => {
  const encoded = (text: string) => Buffer.from(text).toString("base64");

  test("name images in settings and in manifests, which are shown for a ConfigMap only", () => {
    const data = { default_agent_image: "img:1", "job.yaml": "spec:\n  image: job:1\n", note: "x:1" };
    const place = (path: string, text: string, hidden: boolean) => ({
      kind: "text",
      path,
      use: "setting",
      text,
      hidden,
    });
    expect(placesOf("kubernetes:core/v1:ConfigMap", { data })).toEqual([
      place("data.default_agent_image", "img:1", false),
      place("data.job.yaml.spec.image", "job:1", false),
    ]);
    expect(
      placesOf("kubernetes:core/v1:Secret", { stringData: data }).map(
        (each) => "hidden" in each && each.hidden,
      ),
    ).toEqual([true, true]);
    expect(placesOf("kubernetes:core/v1:Secret", { data: { "job.yaml": encoded("image: job:1") } })).toEqual([
      place("data.job.yaml.image", "job:1", true),
    ]);
  });

  test("in a list are looked at one by one", () => {
    expect(
      texts("kubernetes:core/v1:ConfigMapList", { items: [{}, { data: { agent_image: "img:1" } }] }),
    ).toEqual([["items[1].data.agent_image", "img:1"]]);
  });

  test("are a verdict when they are unknown", () => {
    expect(placesOf("kubernetes:core/v1:ConfigMap", { data: unknownText })).toEqual([
      { kind: "unknown-entry", path: "data" },
    ]);
    expect(
      placesOf("kubernetes:core/v1:ConfigMap", { data: { a: unknownText, a_image: unknownText } }),
    ).toEqual([
      { kind: "unknown-entry", path: "data.a" },
      { kind: "unknown", path: "data.a_image" },
    ]);
  });
});

describe("a name", () => {
  test.each([
    "image",
    "IMAGE",
    "AGENT_IMAGE",
    "default_browser_image",
    "agentImage",
    "image.name",
    "imageRef",
    "agent-image",
  ])("%s names an image", (name) => expect(namesImage(name)).toBe(true));

  test.each([
    "images",
    "imagePullPolicy",
    "image_tag",
    "imagePullSecrets",
    "osImage",
    "name",
    "imagery",
    "",
    "reference",
  ])("%j names none", (name) => expect(namesImage(name)).toBe(false));
});
