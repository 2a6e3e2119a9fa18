import { expect, test } from "vitest";
import {
  endsOf,
  isAtOrBelow,
  isFrozenBy,
  isUnitOfWorkload,
  isWholeProperty,
  stepBelow,
} from "../../policies/frozen-paths.ts";

test.each<[ignored: string, place: string, isFrozen: boolean, isBelow: boolean]>([
  ["spec", "spec.a", true, false],
  ["spec.a", "spec.a", true, true],
  ["spec.a.b", "spec.a", true, true],
  ["spec.b", "spec.a", false, false],
  ["speca", "spec.a", false, false],
  ["*", "spec.a", true, false],
  ["*.a", "spec.a", true, false],
  ["spec.*", "spec.a", true, true],
  ["spec.a[0]", "spec.a[].b", true, false],
  ["spec.a[1].b", "spec.a[].b", true, true],
  ["spec.a[*].b", "spec.a[0].b", true, true],
  ["spec.a[12].b", "spec.a[3].b", true, true],
  ['spec["a"]', "spec.a", true, true],
  ['metadata.annotations["x.y/z"]', 'metadata.annotations["x.y/z"]', true, true],
  ['data["a\\"b"]', 'data["a\\"b"]', true, true],
  ['data["a\\"b"]', "data.a", false, false],
  ["data.a", "data.a document 12.image", true, false],
  ["data.a", "data.a line 12", true, true],
])("%s keeps %s as it is: %s", (ignored, place, isFrozen, isBelow) => {
  expect(isFrozenBy(ignored, place)).toBe(isFrozen);
  expect(isAtOrBelow(ignored, place)).toBe(isBelow);
});

test("a path has its ends, and goes on below a place", () => {
  expect(endsOf("spec.a[0].b")).toEqual({ first: "spec", last: "b" });
  expect(endsOf("")).toEqual({ first: "*", last: "*" });
  expect(stepBelow("spec.a.b", "spec.a")).toBe("b");
  expect(stepBelow("spec.a", "spec.a")).toBeUndefined();
  expect(["spec", "*", ""].map(isWholeProperty)).toEqual([true, true, true]);
  expect(isWholeProperty("spec.a")).toBe(false);
});

test.each([
  ["pulumi:pulumi:Stack$clawforce:fleet:Workload$docker:index/container:Container", true],
  ["pulumi:pulumi:Stack$clawforce:fleet:ManagedWorkload$command:local:Command", true],
  ["pulumi:pulumi:Stack$clawforce:fleet:Workload$a:b:C$docker:index/container:Container", false],
  ["pulumi:pulumi:Stack$clawforce:fleet:Ingress$docker:index/container:Container", false],
  ["clawforce:fleet:Workload", false],
])("what is of the types %s is made for a workload: %s", (types, is) => {
  expect(isUnitOfWorkload(`urn:pulumi:prod::clawforce::${types}::x`)).toBe(is);
});
