import { describe, expect, test } from "vitest";
import { built, unknownText } from "../policy/props.ts";
import {
  container,
  data,
  deletedFirst,
  deployment,
  mainContainer,
  mounting,
  pod,
  recreate,
  said,
  service,
  short,
  volume,
  why,
  workload,
} from "../policy/writers.ts";

describe("one resource that runs twice", () => {
  const written = ', and they write claim "default/c"';
  const replicas = (count: number, property = "replicas") =>
    [
      `${count} run at once${written}`,
      `${property}: 1, or a state of its own for each (volumeClaimTemplates of a StatefulSet)`,
    ] as const;

  /** Kind, specification, and what is said of which path; the twin of each is the specification that is not refused. */
  const cases: [
    kind: string,
    spec: object,
    path: string,
    readonly [what: string, write: string],
    twin: object,
  ][] = [
    [
      "apps/v1:Deployment",
      { ...recreate, replicas: 2 },
      "spec.replicas",
      replicas(2),
      { ...recreate, replicas: 1 },
    ],
    ["apps/v1:ReplicaSet", { replicas: 3 }, "spec.replicas", replicas(3), {}],
    ["core/v1:ReplicationController", { replicas: 2 }, "spec.replicas", replicas(2), { replicas: 0 }],
    ["apps/v1:StatefulSet", { replicas: 2 }, "spec.replicas", replicas(2), { replicas: 1 }],
    ["batch/v1:Job", { parallelism: 2 }, "spec.parallelism", replicas(2, "parallelism"), { parallelism: 1 }],
    [
      "apps/v1:DaemonSet",
      {},
      "spec.template",
      [
        `one runs on each node${written}`,
        "a StatefulSet, or a Deployment with one replica and strategy Recreate",
      ],
      { template: { spec: { volumes: [{ name: "data", hostPath: { path: "/x" } }] } } },
    ],
    ...[{}, { strategy: {} }, { strategy: { rollingUpdate: { maxSurge: 0 } } }].map(
      (spec): (typeof cases)[number] => [
        "apps/v1:Deployment",
        spec,
        "spec.strategy.type",
        [
          `strategy RollingUpdate, the default, starts the new pod before the old one has ended, with maxSurge 0 too${written}`,
          'strategy: {type: "Recreate"}',
        ],
        recreate,
      ],
    ),
    [
      "extensions/v1beta1:Deployment",
      { strategy: { type: "RollingUpdate" } },
      "spec.strategy.type",
      [
        `strategy "RollingUpdate" starts the new pod before the old one has ended, with maxSurge 0 too${written}`,
        'strategy: {type: "Recreate"}',
      ],
      recreate,
    ],
  ];

  test("is refused, with the twin that is not", () => {
    for (const [kind, spec, path, [what, write], twin] of cases) {
      expect([kind, ...said([workload(kind, "web", spec)])]).toEqual([
        kind,
        `[single-writer] web ${path}: ${what}. ${why} Write: ${write}.`,
      ]);
      expect([kind, ...said([workload(kind, "web", twin)])]).toEqual([kind]);
      // What nobody writes may run as often as it likes.
      const reading = {
        spec: {
          ...pod.spec,
          containers: [{ ...mainContainer, volumeMounts: [{ name: "data", readOnly: true }] }],
        },
      };
      expect([kind, ...said([workload(kind, "web", { ...spec, template: reading })])]).toEqual([kind]);
    }
  });

  test("is refused for what has a schedule, unless it forbids two jobs at a time", () => {
    const jobs = (spec: object, job: object = {}) => ({
      type: "kubernetes:batch/v1:CronJob",
      name: "backup",
      props: { spec: { jobTemplate: { spec: { template: pod, ...job } }, ...spec } },
      opts: deletedFirst,
    });
    expect(said([jobs({})])).toEqual([
      `[single-writer] backup spec.concurrencyPolicy: concurrencyPolicy Allow, the default, starts a job before the last one has ended${written}. ${why} Write: concurrencyPolicy: "Forbid".`,
    ]);
    expect(short(jobs({ concurrencyPolicy: "Replace" }, { parallelism: 2 }))).toEqual([
      `backup spec.concurrencyPolicy: concurrencyPolicy "Replace" starts a job before the last one has ended${written}`,
      `backup spec.jobTemplate.spec.parallelism: 2 run at once${written}`,
    ]);
    expect(short(jobs({ concurrencyPolicy: "Forbid" }, { parallelism: 1 }))).toEqual([]);
  });

  test("is refused for a set on each node whose new pod starts beside the old one", () => {
    const template = { spec: { volumes: [{ name: "data", hostPath: { path: "/x" } }] } };
    const surge = (maxSurge: unknown) => ({ template, updateStrategy: { rollingUpdate: { maxSurge } } });
    const set = (maxSurge: unknown) => short(workload("apps/v1:DaemonSet", "web", surge(maxSurge)));
    for (const more of [1, "10%"]) {
      expect(set(more)).toEqual([
        'web spec.updateStrategy.rollingUpdate.maxSurge: the new pod of a node starts beside the old one, and they write directory "/x"',
      ]);
    }
    for (const none of [0, "0", "0%", undefined]) expect(set(none)).toEqual([]);
  });

  test("is refused for a service: more than one task, one on each node, or the new one first", () => {
    const writes = ', and they write volume "data"';
    expect(said([service("web", { mode: { replicated: { replicas: 2 } } })])).toEqual([
      `[single-writer] web mode.replicated.replicas: 2 run at once${writes}. ${why} Write: replicas: 1.`,
    ]);
    expect(said([service("web", { mode: { global: true } })])).toEqual([
      `[single-writer] web mode.global: one runs on each node${writes}. ${why} Write: mode: {replicated: {replicas: 1}}.`,
    ]);
    for (const config of ["updateConfig", "rollbackConfig"]) {
      expect(said([service("web", { [config]: { order: "start-first" } })])).toEqual([
        `[single-writer] web ${config}.order: order "start-first" starts the new task beside the old one${writes}. ${why} Write: order: "stop-first".`,
      ]);
      expect(said([service("web", { [config]: { order: "stop-first" } })])).toEqual([]);
    }
    expect(said([service("web", { mode: { replicated: { replicas: 1 }, global: false } })])).toEqual([]);
    expect(said([service("web", { mode: { global: true } }, [{ ...data, readOnly: true }])])).toEqual([]);
    expect(said([service("web", { mode: { global: true } }, [{ ...data, source: "" }])])).toEqual([]);
  });

  test("is refused in each object of a list", () => {
    const items = [
      { spec: { ...recreate, template: pod } },
      { spec: { template: pod }, metadata: { namespace: "b" } },
    ];
    const list = {
      type: "kubernetes:apps/v1:DeploymentList",
      name: "all",
      props: { items },
      opts: deletedFirst,
    };
    expect(short(list)).toEqual([
      'all items[1].spec.strategy.type: strategy RollingUpdate, the default, starts the new pod before the old one has ended, with maxSurge 0 too, and they write claim "b/c"',
    ]);
  });

  test("is refused where another resource makes it so: a scaler or a patch", () => {
    const scaler = (target: object, maxReplicas: unknown, version = "v2") => ({
      type: `kubernetes:autoscaling/${version}:HorizontalPodAutoscaler`,
      name: "scaler",
      props: { spec: { scaleTargetRef: { kind: "Deployment", name: "web", ...target }, maxReplicas } },
    });
    const web = deployment("web");
    expect(said([web, scaler({}, 5)])).toEqual([
      `[single-writer] scaler spec.maxReplicas: lets up to 5 pods of "web" run${written}. ${why} Write: maxReplicas: 1, or no scaler.`,
    ]);
    for (const version of ["v1", "v2beta1", "v2beta2"])
      expect(short(web, scaler({}, 2, version))).toHaveLength(1);
    for (const fine of [scaler({}, 1), scaler({ name: "other" }, 5), scaler({ kind: "StatefulSet" }, 5)])
      expect(short(web, fine)).toEqual([]);
    expect(short(web, scaler({}, unknownText))).toEqual([
      "scaler spec.maxReplicas: the value is not known at preview",
    ]);
    expect(short(scaler({}, unknownText))).toEqual([]);
    const ownClaims = { volumeClaimTemplates: [{ metadata: { name: "data" } }], template: { spec: {} } };
    const set = workload("apps/v1:StatefulSet", "web", ownClaims);
    expect(short(set, scaler({ kind: "StatefulSet" }, 5))).toEqual([]);
    const list = {
      ...scaler({}, 5),
      type: "kubernetes:autoscaling/v2:HorizontalPodAutoscalerList",
      props: { items: [scaler({ name: "other" }, 5).props, scaler({}, 5).props] },
    };
    expect(short(web, list)).toEqual([
      `scaler items[1].spec.maxReplicas: lets up to 5 pods of "web" run${written}`,
    ]);

    const patch = (spec: object, name = "web") => ({
      type: "kubernetes:apps/v1:DeploymentPatch",
      name: "patch",
      props: { metadata: { name }, spec },
    });
    expect(short(web, patch({ replicas: 2 }))).toEqual([`patch spec.replicas: 2 run at once${written}`]);
    expect(short(web, patch({ strategy: { type: "RollingUpdate" } }))).toHaveLength(1);
    for (const fine of [patch({}), patch({ replicas: 1, ...recreate }), patch({ replicas: 2 }, "other")])
      expect(short(web, fine)).toEqual([]);
    expect(short(web, patch({ replicas: unknownText }))).toEqual([
      "patch spec.replicas: the value is not known at preview",
    ]);
    expect(short(web, patch({}, unknownText))).toEqual([
      "patch metadata.name: the value is not known at preview",
    ]);
  });
});

describe("what writes a state and is made anew", () => {
  const path = "opts.deleteBeforeReplace";
  const text = (written: string) =>
    `is not true, and both the old and the new one write ${written}. Why: no lock stops two gateways on one state, and they corrupt it; no review sees what a provider does without being told. Write: deleteBeforeReplace: true in its options.`;

  test("has to wait for the end of the old one, and say so", () => {
    const open = [{}, { deleteBeforeReplace: false }];
    for (const opts of open) {
      expect(said([container("a", { volumes: [{ volumeName: "data" }, { hostPath: "/x" }] }, opts)])).toEqual(
        [`[single-writer] a ${path}: ${text('volume "data" and directory "/x"')}`],
      );
      expect(said([{ ...service("a", {}), opts }])).toEqual([
        `[single-writer] a ${path}: ${text('volume "data"')}`,
      ]);
      expect(said([{ ...deployment("a"), opts }])).toEqual([
        `[single-writer] a ${path}: ${text('claim "default/c"')}`,
      ]);
      expect(said([{ ...deployment("a"), type: "kubernetes:apps/v1:DeploymentPatch", opts }])).toEqual([]);
    }
  });

  test("may start first where it only reads, or has nothing but its own", () => {
    const none = [
      [],
      [{ volumeName: "data", readOnly: true }],
      [{ containerPath: "/cache" }],
      [{ hostPath: "/proc" }],
    ];
    for (const volumes of none) expect(said([container("a", { volumes }, {})])).toEqual([]);
    expect(said([container("a", {}, {})])).toEqual([]);
  });
});

describe("what can't be read", () => {
  const problem = (place: string, what: string) =>
    `[single-writer] ${place}: ${what}. Why: what rests on it can't be judged. Write: a literal value, not the output of another resource.`;
  const unknown = "the value is not known at preview";
  const malformed = "the value is missing or of another shape";

  test("is refused, part by part, and hides nothing else", () => {
    const twin = mounting("z", { volumeName: "data" });
    for (const [value, what] of [
      [unknownText, unknown],
      [true, malformed],
    ] as const) {
      expect(said([container("a", { volumes: value })])).toEqual([problem("a volumes", what)]);
      for (const key of ["volumeName", "hostPath", "fromContainer"])
        expect(said([mounting("a", { [key]: value })])).toEqual([problem(`a volumes[0].${key}`, what)]);
      const beside = said([mounting("a", { volumeName: value }, { volumeName: "data" }), twin]);
      expect(beside).toContain(problem("a volumes[0].volumeName", what));
      expect(beside).toHaveLength(3);
      expect(said([volume("v", { driverOpts: value })])).toEqual([problem("v driverOpts", what)]);
      for (const path of ["mode", "mode.replicated.replicas", "updateConfig.order", "rollbackConfig"])
        expect(said([service("s", built(path, value))])).toEqual([problem(`s ${path}`, what)]);
      for (const path of ["replicas", "strategy", "strategy.type"])
        expect(said([deployment("d", { ...recreate, ...built(path, value) })])).toContain(
          problem(`d spec.${path}`, what),
        );
      expect(said([deployment("d", recreate, { metadata: { namespace: value } })])).toEqual([
        problem("d metadata.namespace", what),
      ]);
    }
  });

  test("does not count where no state is written", () => {
    expect(said([service("s", { mode: unknownText }, [])])).toEqual([]);
    expect(said([deployment("d", { template: {}, replicas: unknownText })])).toEqual([]);
  });
});
