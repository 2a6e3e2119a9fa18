import { describe, expect, test } from "vitest";
import data from "../policy/data/plain-secrets.json" with { type: "json" };
import {
  fullPack,
  raw,
  refusalsOf,
  reviewed,
  stateOptions,
  updated,
  withContainer,
  workload,
} from "./review-fixture.ts";

describe("cut-over", () => {
  const without = { resourceHooks: { BeforeCreate: ["restore"] } };
  const mount = { inputs: { volumes: [{ volumeName: "v", containerPath: "/data" }] } };

  test("refuses a container that goes without the hook that takes its snapshot", () => {
    expect(refusalsOf(withContainer("before", without))).toEqual([
      '[cut-over] canary: the Container would be replaced without the hook "cut-over". Why: nothing would wait for its work, ' +
        "stop it or take a snapshot of its state. Write: the container as part of a workload of components/workload.ts; run `pulumi up` without another change first.",
    ]);
    const bind = { inputs: { mounts: [{ type: "bind", target: "/data" }] } };
    for (const state of [mount, bind]) {
      expect(refusalsOf([raw("docker:index/container:Container", "raw", "delete", state)])).toEqual([
        expect.stringMatching(
          /^\[cut-over\] raw: the Container would be deleted without the hook "cut-over"\./,
        ),
      ]);
    }
  });

  test.each<[string, object]>([
    [
      "docker:index/service:Service",
      { taskSpec: { containerSpec: { mounts: [{ type: "volume", source: "v" }] } } },
    ],
    ["kubernetes:apps/v1:StatefulSet", { spec: { volumeClaimTemplates: [{}] } }],
    ["kubernetes:core/v1:Pod", { spec: { volumes: [{ persistentVolumeClaim: { claimName: "c" } }] } }],
    [
      "kubernetes:batch/v1:Job",
      { spec: { template: { spec: { volumes: [{ hostPath: { path: "/data" } }] } } } },
    ],
    ["docker:index/container:Container", { volumes: [{ hostPath: "/data", containerPath: "/data" }] }],
  ])("refuses a %s with state that goes", (type, inputs) => {
    expect(refusalsOf([raw(type, "raw", "replace", { inputs })])).toEqual([
      expect.stringMatching(
        /^\[cut-over\] raw: the [A-Za-z]+ would be replaced without the hook "cut-over"\./,
      ),
    ]);
    expect(refusalsOf([raw(type, "raw", "update", { inputs })])).toEqual([]);
  });

  test("refuses a workload whose container loses the hook", () => {
    expect(refusalsOf(withContainer("after", without))).toEqual([
      '[cut-over] canary: its container has no hook "cut-over" before its removal. Why: the next update would remove it without a snapshot. ' +
        "Write: `hooks: { beforeDelete: [hooks.cutOver] }`, as components/workload.ts has it.",
    ]);
  });

  test("refuses what an interrupted run has left to be deleted, although it is no step of the document", () => {
    const urn = "urn:pulumi:prod::clawforce::docker:index/container:Container::left";
    const events = [{ resourcePreEvent: { metadata: { op: "delete-replaced", urn, old: mount } } }];
    expect(refusalsOf([], { events, pack: fullPack })).toEqual([
      expect.stringMatching(
        /^\[cut-over\] left: the Container would be deleted without the hook "cut-over"\./,
      ),
    ]);
  });

  test("lets be a container without state, the proxy, and a Docker socket", () => {
    const socket = {
      inputs: { volumes: [{ containerPath: "/var/run/docker.sock" }], mounts: [{ type: "tmpfs" }] },
    };
    const ingress = raw("clawforce:fleet:Fleet$clawforce:fleet:Ingress", "ingress", "same");
    const proxy = raw("docker:index/container:Container", "ingress", "replace", {
      ...mount,
      parent: ingress.urn,
    });
    const container = "docker:index/container:Container";
    expect(
      refusalsOf([raw(container, "a", "delete", socket), raw(container, "b", "replace"), ingress, proxy]),
    ).toEqual([]);
    expect(refusalsOf([{ ...proxy, urn: `${proxy.urn}2` }, ingress])).toHaveLength(1);
    const own = raw("docker:index/volume:Volume", "ingress-state", "delete", { parent: ingress.urn });
    expect(refusalsOf([own])).toEqual([]);
    expect(refusalsOf([{ ...own, urn: own.urn.replace("ingress-state", "state") }])).toHaveLength(1);
    const service = {
      inputs: { spec: { volumes: [{ emptyDir: {} }], volumeClaimTemplates: [], hostPath: "" } },
    };
    expect(refusalsOf([raw("kubernetes:apps/v1:Deployment", "d", "delete", service)])).toEqual([]);
  });
});

describe("state-kept", () => {
  const volume = "docker:index/volume:Volume";
  const kept = (name: string, what: string, why: string, write: string) =>
    `[state-kept] ${name}: ${what}. Why: ${why}. Write: ${write}.`;
  const lostWhy = "state comes back from a snapshot only, and without what was written since";

  test.each([
    "docker:index/volume:Volume",
    "kubernetes:core/v1:PersistentVolumeClaim",
    "kubernetes:core/v1:Namespace",
  ])("refuses the replacement and the deletion of a %s", (type) => {
    const kind = type.split(":").at(-1);
    expect(refusalsOf([raw(type, "v", "replace", stateOptions)])).toEqual([
      kept(
        "v",
        `the ${kind} would be replaced, with all that is in it`,
        lostWhy,
        "its name, driver and labels as they were",
      ),
    ]);
    expect(refusalsOf([raw(type, "v", "delete", {})])).toEqual([
      kept(
        ...(["v", `the ${kind} would be deleted, with all that is in it`, lostWhy] as const),
        "`retainOnDelete: true` on it and `pulumi up`, and the removal afterwards",
      ),
    ]);
  });

  test("refuses a volume that leaves the program although its workload stays", () => {
    expect(
      refusalsOf(updated({ resources: { "canary-state": { op: "delete", after: undefined } } })),
    ).toEqual([
      kept(
        ...(["canary-state", "the Volume would leave the program, and its workload stays"] as const),
        ...(["from then on nobody protects what is in it", "it back into the program"] as const),
      ),
    ]);
  });

  const removal = (options: object, managed = false) =>
    workload("support-3", { op: "delete", managed }).map(({ outputs: _, after: __, ...each }) => ({
      ...each,
      op: "delete",
      before: { ...each.before, ...(each.urn.includes("Volume") && options) },
    }));

  test("refuses the removal of a workload until its volume is unprotected, also when the preview ended before its component", () => {
    const refusal = kept(
      ...([
        "support-3-state",
        "the Volume would leave the program",
        "from then on nobody protects what is in it",
      ] as const),
      "nothing, or `pulumi state unprotect` it first if it is to go for good",
    );
    expect(refusalsOf(removal({}))).toEqual([refusal]);
    expect(refusalsOf(removal({}).slice(1))).toEqual([refusal]);
  });

  test("shows the removal that an operator has meant", () => {
    const { refusals, warnings, rows } = reviewed(removal({ protect: false }));
    expect(refusals).toEqual([]);
    expect(warnings).toEqual([
      "[state-kept] support-3: it leaves the program. Why: from then on nobody updates it, copies its state or watches it. " +
        "Write: nothing, if it is to go for good.",
    ]);
    expect(rows).toEqual([
      {
        ...{ workload: "support-3", track: "runtime", from: "agent:1.0.0@111111111111", to: "" },
        ...{ operation: "removed", pauses: "for good", state: "stays on the host, after a cold snapshot" },
      },
    ]);
    expect(reviewed(removal({}, true))).toMatchObject({
      rows: [{ operation: "left to its control plane", pauses: "nothing", state: "with its control plane" }],
      warnings: [
        expect.stringContaining("support-3: it leaves the program, and its control plane keeps it."),
      ],
    });
  });

  test("lets be a volume of no workload that stays on the host and is not protected any more", () => {
    const left = (options: object) =>
      refusalsOf([raw(volume, "v", "delete", { ...stateOptions, ...options })]);
    expect(left({ protect: false })).toEqual([]);
    expect(left({})).toEqual([expect.stringContaining("v: the Volume would leave the program. Why: ")]);
  });

  test("refuses each protection that a volume loses", () => {
    const after = { inputs: {}, ignoreChanges: ["driverOpts"] };
    const lost = (option: string) =>
      kept(
        ...([
          "v",
          `it loses ${option}`,
          "the next change could replace or delete it, with all that is in it",
        ] as const),
        "the option as it was",
      );
    expect(refusalsOf([{ ...raw(volume, "v", "same", stateOptions), after }])).toEqual([
      lost('`ignoreChanges` on "labels"'),
      lost("`protect`"),
      lost("`retainOnDelete`"),
    ]);
  });

  test("refuses a workload's new volume that its removal would delete", () => {
    const after = { ...stateOptions, retainOnDelete: false, parent: workload("canary")[0]?.urn };
    expect(
      refusalsOf(updated({ resources: { "canary-state": { op: "create", before: undefined, after } } })),
    ).toEqual([
      kept(
        ...([
          "canary-state",
          "it has no `retainOnDelete`",
          "its removal from the program would delete what is in it",
        ] as const),
        "`retainOnDelete: true`",
      ),
    ]);
    const apart = (name: string) => raw(volume, "apart", "create", { inputs: { name } });
    expect(refusalsOf([apart("scratch"), ...updated()])).toEqual([]);
    expect(refusalsOf([apart("canary-state"), ...updated()])).toEqual([
      expect.stringContaining("apart: it has no `retainOnDelete`."),
    ]);
  });
});

describe("secret-marked", () => {
  const secret = "hunter2hunter2";
  const inEnvironment = (inputs: object) => raw("x:y:Z", "w", "same", { inputs });
  const paths = (inputs: object) =>
    refusalsOf([inEnvironment(inputs)]).map(
      (text) => /^\[secret-marked\] w: (.*?) and is not marked/.exec(text)?.[1],
    );

  test("refuses what is named like a secret, wherever environment variables stand, and never says its value", () => {
    const value = { [["AP", "I_KEY"].join("")]: secret };
    const review = reviewed([inEnvironment({ environment: value })]);
    expect(review.refusals).toEqual([
      '[secret-marked] w: environment "API_KEY" is named like a secret and is not marked as one. Why: its value is readable in the engine\'s ' +
        "state, in every preview and in the logs of CI. Write: the value as a secret: `pulumi config set --secret`, `pulumi.secret`.",
    ]);
    expect(JSON.stringify(review)).not.toContain(secret);
    expect(paths({ envs: [`OPENCLAW_GATEWAY_TOKEN=${secret}`, "TZ=UTC", `x`] })).toEqual([
      'envs "OPENCLAW_GATEWAY_TOKEN" is named like a secret',
    ]);
    expect(paths({ spec: { containers: [{ env: [{ name: "dbPassword", value: secret }] }] } })).toEqual([
      'spec.containers[0].env "dbPassword" is named like a secret',
    ]);
    expect(paths({ env: { DATABASE_URL: `postgres://me:${secret}@db/x` } })).toEqual([
      'env "DATABASE_URL" has its password in its URL in plain, is a secret',
    ]);
  });

  test.each(data.names)(
    "judges $name=$value as the policy pack does: $why",
    ({ name, value, secret: is }) => {
      expect(paths({ envs: [`${name}=${value}`] })).toEqual(
        is ? [`envs "${name}" is named like a secret`] : [],
      );
    },
  );

  test.each(data.forms)("refuses any name with $is", ({ parts, is }) => {
    expect(paths({ environment: { NOTE: parts.join("") } })).toEqual([
      `environment "NOTE" has its ${is} in plain, is a secret`,
    ]);
  });

  test("lets be what is marked, empty, a number, the place of a secret, and other names", () => {
    const marked = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      ciphertext: "x",
    };
    const names = ["RESTIC_PASSWORD_FILE", "TOKEN_URL", "MONKEY", "KEYBOARD", "tokenizer", "KEY"];
    expect(
      paths({ environment: { A_TOKEN: "[secret]", B_TOKEN: marked, C_TOKEN: "", MAX_TOKENS: "4096" } }),
    ).toEqual([]);
    expect(paths({ environment: Object.fromEntries(names.map((name) => [name, "some text"])) })).toEqual([]);
    expect(
      paths({ envs: "[secret]", env: marked, environment: { URL: "https://example.com/a:b@c" } }),
    ).toEqual([]);
  });
});
