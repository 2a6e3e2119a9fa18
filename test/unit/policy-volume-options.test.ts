import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { namedStates, volumeType } from "../../policies/named-states.ts";
import { NotedRead } from "../../policies/noted-read.ts";
import { stateText } from "../../policies/state.ts";
import { stateMountsOf } from "../../policies/state-mounts.ts";
import { privilege, privileges, said } from "../policy/privileges.ts";
import { unknownCheckingProxy, unknownText } from "../policy/props.ts";
import { linked } from "../policy/stack.ts";
import { container, mounting, short, volume } from "../policy/writers.ts";

interface Case {
  case: string;
  driver?: string;
  options: Record<string, string>;
  /** `<option>: <what it gives a container>: <of the host>` */
  gives: string[];
  /** As messages name them, and those that are only read. */
  states: string[];
}

const cases = JSON.parse(
  readFileSync(new URL("../policy/data/volume-options.json", import.meta.url), "utf8"),
) as Case[];

/** Where options of a volume can stand: beside a mount of a container or a service, and at a volume. */
const mounted = [
  {
    type: "docker:index/container:Container",
    mount: "mounts[0]",
    propsOf: (mount: object): object => ({ mounts: [mount] }),
  },
  {
    type: "docker:index/service:Service",
    mount: "taskSpec.containerSpec.mounts[0]",
    propsOf: (mount: object): object => ({ taskSpec: { containerSpec: { image: "x", mounts: [mount] } } }),
  },
];

function mountOf({ driver, options }: Case, more: object = {}): object {
  const volumeOptions = { driverOptions: options, ...(driver !== undefined && { driverName: driver }) };
  return { type: "volume", source: "v1", target: "/x", volumeOptions, ...more };
}

function refusals({ gives }: Case, options: string): string[] {
  return gives
    .map((each) => {
      const [option = "", what = "", folder = ""] = each.split(": ");
      const path = `${options}.${option}`;
      switch (what) {
        case "is the socket":
          return said.socket(path, folder);
        case "holds the socket":
          return said.socket(path, folder, "holds");
        case "writes":
          return said.folder("hostFolder", path, folder);
        case "reads":
          return said.folder("hostFolderRead", path, folder);
        default:
          throw new Error(`${what} is none of the words of this table.`);
      }
    })
    .toSorted();
}

function statesOf(type: string, props: object): string[] {
  const { mounts, problems } = stateMountsOf({ type, props: unknownCheckingProxy(props) });
  expect(problems).toEqual([]);
  return mounts.map(({ state, readOnly }) => `${stateText(state)}${readOnly ? " | read only" : ""}`);
}

describe.each(cases)("the options of a volume: $case", (each) => {
  test.each(mounted)("in $type, by all rules that ask what is mounted", ({ type, mount, propsOf }) => {
    const props = propsOf(mountOf(each));
    const options = `${mount}.volumeOptions.driverOptions`;
    expect(privileges({ type, props }).toSorted()).toEqual(refusals(each, options));
    expect(statesOf(type, props)).toEqual(['volume "v1"', ...each.states]);
  });

  test("at a volume, by all rules that ask what it is", () => {
    const { driver, options: driverOpts } = each;
    const props = { name: "v1", driverOpts, ...(driver !== undefined && { driver }) };
    expect(privileges({ type: volumeType, props }).toSorted()).toEqual(refusals(each, "driverOpts"));
    const [resource] = linked([{ type: volumeType, name: "v1", props }]);
    if (resource === undefined) throw new Error("There is no volume.");
    const [named] = namedStates(new NotedRead(), resource);
    expect(named?.behind.map(stateText)).toEqual(
      each.states.filter((state) => !state.endsWith(" | read only")),
    );
  });
});

describe("the options of a volume", () => {
  const bind = { case: "", gives: [], states: [], options: { type: "none", o: "bind", device: "/etc" } };

  test("are read for what a mount may do with them, also where its type is not known or none", () => {
    for (const { type, mount, propsOf } of mounted) {
      const path = `${mount}.volumeOptions.driverOptions.device`;
      const found = (more: object) => privileges({ type, props: propsOf(mountOf(bind, more)) });
      expect(found({ readOnly: true })).toEqual([said.folder("hostFolderRead", path, "/etc")]);
      expect(found({ readOnly: "true" })).toEqual([said.folder("hostFolderRead", path, "/etc")]);
      expect(found({ type: unknownText })).toEqual([
        privilege("unknown", `${mount}.type`),
        said.folder("hostFolder", path, "/etc"),
      ]);
      expect(found({ type: "Volume" })).toEqual([
        said.malformed(`${mount}.type`, "type of a mount"),
        said.folder("hostFolder", path, "/etc"),
      ]);
      expect(found({ source: "" })).toEqual([said.folder("hostFolder", path, "/etc")]);
    }
  });

  test.each(["driverOptions", "driverOptions.o", "driverOptions.device", "driverOptions.type", "driverName"])(
    "are refused where %s is not known, and what can be read is judged",
    (path) => {
      const [first = "", second] = path.split(".");
      for (const { type, mount, propsOf } of mounted) {
        const options = mountOf(bind) as { volumeOptions: Record<string, unknown> };
        const volumeOptions =
          second === undefined
            ? { ...options.volumeOptions, [first]: unknownText }
            : { [first]: { ...bind.options, [second]: unknownText } };
        const props = propsOf({ ...options, volumeOptions });
        expect(privileges({ type, props })).toContain(privilege("unknown", `${mount}.volumeOptions.${path}`));
        const { mounts, problems } = stateMountsOf({ type, props: unknownCheckingProxy(props) });
        expect(problems).toMatchObject([{ path: `${mount}.volumeOptions.${path}`, problem: "unknown" }]);
        expect(stateText(mounts[0]?.state ?? { kind: "container", name: "none" })).toBe('volume "v1"');
      }
    },
  );

  test("of the control plane's own container may bind the socket, as its mounts may", () => {
    const parents = [
      "pulumi:pulumi:Stack",
      "clawforce:fleet:Fleet",
      "clawforce:fleet:ControlPlane",
      "clawforce:fleet:Workload",
    ];
    const socket = { ...bind, options: { ...bind.options, device: "/var/run/docker.sock" } };
    const resource = { type: "docker:index/container:Container", props: { mounts: [mountOf(socket)] } };
    expect(privileges({ ...resource, parents })).toEqual([]);
    expect(privileges(resource)).toHaveLength(1);
  });
});

describe("two writers of what the options of a volume stand for", () => {
  const bound = (device: string, o = "bind") => ({
    type: "volume",
    source: "v1",
    volumeOptions: { driverOptions: { type: "none", o, device } },
  });
  const layers = volume("layers", {
    driverOpts: {
      type: "overlay",
      device: "overlay",
      o: "lowerdir=/srv/base,upperdir=/srv/a,workdir=/srv/w",
    },
  });

  test("are refused, whichever of them has it by its own path", () => {
    const own = mounting("own", { hostPath: "/srv/a" });
    expect(short(container("one", { mounts: [bound("/srv/a")] }), own)).toEqual([
      'one mounts[0]: "one" writes directory "/srv/a", and so does "own"',
      'own volumes[0]: "own" writes directory "/srv/a", and so does "one"',
    ]);
    expect(short(container("one", { mounts: [bound("/srv/a", "bind,ro")] }), own)).toEqual([]);
    expect(short(layers, mounting("one", { volumeName: "layers" }), own)).toEqual([
      'one volumes[0]: "one" writes volume "layers", and so does "own" as directory "/srv/a"',
      'own volumes[0]: "own" writes directory "/srv/a", and so does "one" as volume "layers"',
    ]);
    const base = mounting("base", { hostPath: "/srv/base" });
    expect(short(layers, mounting("one", { volumeName: "layers" }), base)).toEqual([]);
  });
});
