import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { containerPrivileges, privilege, privileges, said } from "../policy/privileges.ts";
import { unknownText } from "../policy/props.ts";

interface Case {
  case: string;
  type: string;
  props: object;
  /** Each path, and what switches a confinement off there. */
  said: [path: string, option: string][];
}

const cases = JSON.parse(
  readFileSync(new URL("../policy/data/confinement.json", import.meta.url), "utf8"),
) as Case[];

test.each(cases)("$case", ({ type, props, said: places }) => {
  expect(privileges({ type, props })).toEqual(places.map(([path, option]) => said.unconfined(path, option)));
});

describe("a pod on the host of Windows", () => {
  const pod = (own: object) => ({
    spec: {
      securityContext: { windowsOptions: { hostProcess: true } },
      containers: [{ image: "x", securityContext: own }],
    },
  });
  const path = "spec.securityContext.windowsOptions.hostProcess";

  test("is refused where a container inherits that, and where the container says it itself", () => {
    const of = (own: object, type = "kubernetes:core/v1:Pod") => privileges({ type, props: pod(own) });
    const custom = "kubernetes:example.org/v1:Agent";
    expect(of({ windowsOptions: { hostProcess: false } })).toEqual([]);
    expect(of({ windowsOptions: { hostProcess: false } }, custom)).toEqual([]);
    expect(of({ windowsOptions: { runAsUserName: "agent" } })).toEqual([said.privileged(path)]);
    expect(of({}, custom)).toEqual([said.privileged(path)]);
  });
});

test("a profile of a container's own that nobody knows is refused, and takes nothing back", () => {
  const props = {
    spec: {
      securityContext: { seccompProfile: { type: "Unconfined" } },
      containers: [{ image: "x", securityContext: { seccompProfile: unknownText } }],
    },
  };
  expect(privileges({ type: "kubernetes:core/v1:Pod", props })).toEqual([
    privilege("unknown", "spec.containers[0].securityContext.seccompProfile"),
    said.unconfined("spec.securityContext.seccompProfile.type", "seccompProfile: Unconfined"),
  ]);
});

test("a GPU is a device of the host, and none is none", () => {
  const device = (gpus: string) =>
    privilege("device", "gpus", `the container has the device "gpus: ${gpus}" of its host`);
  for (const gpus of ["all", "device=0,2", "2"])
    expect(containerPrivileges({ gpus })).toEqual([device(gpus)]);
  for (const gpus of ["", null]) expect(containerPrivileges({ gpus })).toEqual([]);
  expect(containerPrivileges({ gpus: unknownText })).toEqual([privilege("unknown", "gpus")]);
  expect(containerPrivileges({ gpus: 1 })).toEqual([said.malformed("gpus", "text")]);
});
