import { describe, expect, test } from "vitest";
import { commandType } from "../../policies/fleet-facts.ts";
import { snapshotBeforeChange } from "../../policies/snapshot-before-change.ts";
import cases from "../policy/data/commands.json" with { type: "json" };
import { fleetStack } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import { workloads } from "../policy/snapshot-stack.ts";
import { judgedStack, type StackResource } from "../policy/stack.ts";

const rest: Readonly<Record<string, readonly [why: string, write: string]>> = {
  memberCommand: [
    "nothing copies its state before, and neither a canary nor a gate stands around it",
    "no such command: change its image or settings in the stack's configuration",
  ],
  engineCommand: [
    "a policy sees the words of a command and not what it does: it may stop or replace what a fleet runs",
    "a resource of a provider instead; nothing, if you have read that it leaves the fleet and its images alone",
  ],
  unseenCommand: [
    "nobody can see whether it stops or changes what a fleet runs",
    "the command as literal text, and its values as environment variables",
  ],
};

function message(kind: string, path: string, what: string, [why, write] = rest[kind] ?? []): string {
  const line = `[snapshot-before-change] own ${path}: ${what}. Why: ${why}. Write: ${write}.`;
  return kind === "memberCommand"
    ? line
    : `advisory: Nothing is stopped before its state is copied and the copy has started\n${line}`;
}

/** What is said of a resource beside a fleet, or alone. */
function said(
  resource: Omit<StackResource, "name">,
  config: object = {},
  stack = fleetStack({ workloads }),
): string[] {
  return judgedStack(snapshotBeforeChange, [...stack, { name: "own", ...resource }], config).map(
    ({ message: each, level }) => (level === undefined ? each : `${level}: ${each}`),
  );
}

describe("a command beside a fleet", () => {
  test.each(cases)("$case", ({ type = commandType, props, kind, path = "", what = "" }) => {
    expect(said({ type, props })).toEqual(kind === undefined ? [] : [message(kind, path, what)]);
  });

  test("is judged by the state that a member has in a directory, wherever that is named", () => {
    const volumes = [{ hostPath: "/srv/openclaw/./second/", containerPath: "/home/node/.openclaw" }];
    const stack = fleetStack({ workloads }).map((each) =>
      each.name === "second" && each.type === "docker:index/container:Container"
        ? { ...each, props: { ...each.props, volumes } }
        : each,
    );
    const of = (create: string) => said({ type: commandType, props: { create } }, {}, stack);
    const named = 'directory "/srv/openclaw/second" of the workload "second"';
    const wrote = [message("memberCommand", "create", `a tool that writes files is told of ${named}`)];
    expect(of("rm -rf /srv/openclaw/second")).toEqual(wrote);
    expect(of("rsync -a ./x root@host:/srv/openclaw/second/x")).toEqual(wrote);
    expect(of("docker run -v /srv/openclaw/second/x:/x redis:7")).toEqual([
      message("memberCommand", "create", `"docker run" is told of ${named}`),
    ]);
    expect(of("rm -rf /srv/openclaw/second-2")).toEqual([]);
    expect(of("ls /srv/openclaw/second")).toEqual([]);
  });

  test.each(["create", "update", "delete", "stdin", "interpreter"])(
    "gets a warning when its %s is not known, and nothing but a refusal for what is",
    (key) => {
      const unseen = message("unseenCommand", key, "what it runs is not known at preview");
      expect(said({ type: commandType, props: { [key]: unknownText } })).toEqual([unseen]);
      const other = key === "create" ? "delete" : "create";
      const props = { [key]: unknownText, [other]: "docker stop second" };
      expect(said({ type: commandType, props })).toEqual([
        message("memberCommand", other, '"docker stop" is told of the workload "second"'),
      ]);
    },
  );

  const own = {
    ...{ create: "operations/serving.ts", update: "operations/keep-result.ts", interpreter: ["node"] },
    stdin: '{"workload":{"name":"second","checks":["docker exec second true"]}}',
  };

  test.each<[title: string, more: object]>([
    ["another word for Node.js", { interpreter: ["node", "--require"] }],
    ["another interpreter", { interpreter: ["bash"] }],
    ["no interpreter", { interpreter: undefined }],
    ["an interpreter that is no list", { interpreter: "node" }],
    ["a word behind the program", { create: "operations/serving.ts; true" }],
    ["a word before the program", { create: "true operations/serving.ts" }],
    ["another program", { create: "serve.ts" }],
    ["another program when it is updated", { update: "true" }],
    ["a program that is no text", { update: 5 }],
    ["another one when it is deleted", { delete: "true" }],
  ])("is one of the fleet's own as a whole only, not with %s", (_, more) => {
    expect(said({ type: commandType, props: { ...own, ...more } })).toEqual([
      message("memberCommand", "stdin", '"docker exec" is told of the workload "second"'),
    ]);
  });

  test.each([{}, { update: undefined }, { update: null }, { update: "" }, { delete: "" }, { delete: null }])(
    "is one of the fleet's own with %j",
    (more) => expect(said({ type: commandType, props: { ...own, ...more } })).toEqual([]),
  );

  test("is a copy to a place that is not known, which is nothing without a fleet", () => {
    const copy = { type: "command:remote:CopyFile", props: { remotePath: unknownText } };
    expect(said(copy)).toEqual([
      message("unseenCommand", "remotePath", "what it runs is not known at preview"),
    ]);
    expect(said(copy, {}, [])).toEqual([]);
  });

  test("is known by the id of a container too", () => {
    const id = "0123456789abcdef".repeat(4);
    const stack = fleetStack({ workloads }).map((each) =>
      each.name === "third" && each.type === "docker:index/container:Container"
        ? { ...each, props: { ...each.props, id } }
        : each,
    );
    const of = (create: string) =>
      said({ type: commandType, props: { create } }, {}, stack).filter((each) => each.includes("] own "));
    expect(of(`docker stop ${id.slice(0, 12)}`)).toEqual([
      message("memberCommand", "create", '"docker stop" is told of a container of the fleet'),
    ]);
    expect(of("docker stop 0123456789ab0")).toHaveLength(1);
    expect(of("docker stop 0123456789ac")[0]).toContain("it calls");
  });

  test("that changes containers gets its warning without a fleet as well, and is let be by its name", () => {
    const stop = { type: commandType, props: { create: "docker stop second" } };
    const calls = message("engineCommand", "create", 'it calls "docker stop"');
    expect(said(stop, {}, [])).toEqual([calls]);
    const exemptions = [{ resource: "own", reason: "CHG-7", expires: "9999-12-31" }];
    expect(said(stop, { exemptions })).toEqual([]);
    expect(said(stop, { levels: { memberCommand: "disabled" } })).toEqual([]);
  });
});

describe("a dynamic resource", () => {
  const types = [
    "pulumi-nodejs:dynamic:Resource",
    "pulumi-nodejs:dynamic/agents:Agent",
    "pulumi-python:dynamic:Resource",
  ];

  test("gets a warning beside a fleet, and none without one", () => {
    const warning = message(
      "unseenCommand",
      "as a whole",
      "it is a dynamic resource: a policy sees its properties and not its code",
      [
        "its code may start, stop or replace what the fleet runs, or change its state",
        "a resource of a provider instead; nothing, if you have read its code",
      ],
    );
    for (const type of types) {
      expect(said({ type, props: {} })).toEqual([warning]);
      expect(said({ type, props: {} }, {}, [])).toEqual([]);
    }
    for (const type of ["acme:dynamic:Resource", "pulumi-nodejs:dynamics:Resource"])
      expect(said({ type, props: {} })).toEqual([]);
  });
});
