import { describe, expect, test } from "vitest";
import { NotedRead } from "../../policies/noted-read.ts";
import { podIdentity } from "../../policies/pod-kinds.ts";
import { settingNameAt } from "../../policies/setting-name.ts";
import { unknownCheckingProxy, unknownText } from "../policy/props.ts";

describe("what a setting is called", () => {
  const props = unknownCheckingProxy({
    envs: ["A_TOKEN=x", "B", "=x", "", 5, "C=", unknownText],
    env: [{ name: "D", value: "x" }, { name: "", value: "x" }, { name: 5, value: "x" }, { value: "x" }],
    deep: [{ list: [["E=x"]] }],
    map: { F: "G=x", value: "H=x" },
  });

  test.each<[path: string, name: string | undefined]>([
    ["envs[0]", "A_TOKEN"],
    ["envs[1]", undefined],
    ["envs[2]", undefined],
    ["envs[3]", undefined],
    ["envs[4]", undefined],
    ["envs[5]", "C"],
    ["envs[6]", undefined],
    ["envs[9]", undefined],
    ["env[0].value", "D"],
    ["env[1].value", undefined],
    ["env[2].value", undefined],
    ["env[3].value", undefined],
    ["deep[0].list[0][0]", "E"],
    ["map.F", undefined],
    ["map.F.below", undefined],
    ["map.value", undefined],
    ["nowhere.at.all", undefined],
    ["", undefined],
  ])("at %s is %s", (path, name) => expect(settingNameAt(props, path)).toBe(name));
});

describe("how others name what has pods", () => {
  const named = (type: string, metadata: object, object = "", provider?: object) =>
    podIdentity(
      new NotedRead(),
      {
        type,
        props: unknownCheckingProxy(object === "" ? { metadata } : { items: [{}, { metadata }] }),
        ...(provider !== undefined && { provider: { props: unknownCheckingProxy(provider) } }),
      },
      object,
    );
  const deployment = "kubernetes:apps/v1:Deployment";

  test.each<
    [type: string, metadata: object, object: string, provider: object | undefined, name: string | undefined]
  >([
    [deployment, { name: "web" }, "", undefined, "Deployment default/web"],
    [`${deployment}Patch`, { name: "web", namespace: "prod" }, "", undefined, "Deployment prod/web"],
    [`${deployment}List`, { name: "web" }, "items[1]", undefined, "Deployment default/web"],
    [deployment, { name: "web" }, "", { namespace: "agents" }, "Deployment agents/web"],
    [deployment, { name: "web", namespace: "prod" }, "", { namespace: "agents" }, "Deployment prod/web"],
    [deployment, {}, "", undefined, undefined],
    [deployment, { name: unknownText }, "", undefined, undefined],
    [deployment, { name: "web", namespace: unknownText }, "", undefined, undefined],
    [deployment, { name: "web" }, "", { namespace: unknownText }, undefined],
    ["kubernetes:core/v1:Service", { name: "web" }, "", undefined, undefined],
  ])("%s %j at %j under %j: %s", (type, metadata, object, provider, name) => {
    expect(named(type, metadata, object, provider)).toBe(name);
  });
});
