import { describe, expect, test } from "vitest";
import { commandType, containerType, fleetTypes } from "../../policies/fleet-facts.ts";
import { atJudgedTime, key, said, saidOf } from "../policy/canary.ts";
import { envelopes } from "../policy/evidence.ts";
import { changed, image, withProps } from "../policy/fleet-stack.ts";
import { unknownText } from "../policy/props.ts";
import { candidate, recordsStart, rolloutStack, stable, started, verified } from "../policy/rollout.ts";
import type { StackResource } from "../policy/stack.ts";

atJudgedTime();

describe("canary-before-fleet, by how the fleet is built,", () => {
  const stack = rolloutStack({ key });

  test("refuses a group without a canary, and one whose waves make all of it canaries", () => {
    const none = saidOf({ canary: { role: "fleet", wave: 1 } });
    expect(none[0]).toBe(
      "support waves: it has no canary. Why: one instance goes ahead of all others, so that a bad release costs one and no more. " +
        "Write: waves that begin with 1.",
    );
    const all = saidOf({ members: [{ role: "canary" }, { role: "canary" }], group: { waves: ["100%", 1] } });
    expect(all).toEqual([
      "support waves: it has 3 canaries (canary, support-1, support-2). Why: one instance goes ahead of all others, so that a bad release costs one and no more. " +
        "Write: waves that begin with 1.",
      'support waves: its waves "[\\"100%\\",1]" with wave 1 do not lead from a canary to all. ' +
        'Why: each wave takes along what the one before has proved. Write: waves that grow, as in [1, "25%", "100%"], and the index of one of them as `wave`.',
    ]);
    expect(
      saidOf({ members: [{ role: "canary", from: candidate, image: candidate }, {}] }, { canaries: 2 }),
    ).toEqual([]);
    expect(saidOf({ canary: { role: "fleet" } }, { canaries: 2 })[0]).toContain(
      "Write: waves that begin with 2 at most.",
    );
  });

  test.each([
    [[1, 2, "100%"], 3],
    [[1, 2, "100%"], -1],
    [[1, 2, "100%"], 0.5],
    [[1, "100%", 2], 1],
    [[], 0],
    [[1, 0], 0],
    [[1, 1.5], 0],
    [[1, "0%"], 0],
    [[1, "101%"], 0],
    [[1, "25"], 0],
    [[1, null], 0],
    [[1, "100%x"], 0],
    [["100%", ["100%"]], 0],
    [[["100%"]], 0],
    [[-1], 0],
    [[0], 0],
    [[2, "10%"], 0],
  ])("refuses the waves %j with wave %d", (waves, wave) => {
    expect(saidOf({ group: { waves, wave } })).toEqual([expect.stringContaining("support waves: its waves")]);
  });

  test.each([
    [[1, 1, 3], 2],
    [["1%", "34%", "100%"], 0],
    [[1], 0],
    [[9], 0],
  ])("takes the waves %j with wave %d", (waves, wave) => {
    expect(saidOf({ group: { waves, wave } })).toEqual([]);
  });

  test("refuses a member that does not come after its canary, whatever changes", () => {
    const id = `support-1 ${containerType}`;
    const message =
      "support-1 dependsOn: it does not come after the verification of its canary canary. " +
      "Why: in one update both would be replaced at once. Write: a dependency on what follows canary-verification.";
    const loose = changed(stack, id, (each) => ({ ...each, dependsOn: [] }));
    // The member after it hangs on the first one alone, and so is loose as well.
    expect(said(loose)).toEqual([message, message.replace("support-1", "support-2")]);
    const without = changed(stack, `canary-verification ${commandType}`, (each) => ({
      ...each,
      props: { ...each.props, create: "operations/nothing.ts" },
    }));
    expect(said(without)).toEqual([message, message.replace("support-1", "support-2")]);
  });

  test("refuses a workload that stands in another place than it says", () => {
    const misplaced = (role: string, group: string, home: string) =>
      `support-2 judged.group: it says that it is the "${role}" of the group "${group}", but stands in "${home}". ` +
      "Why: a canary proves something for its own group only. Write: a workload into the component of its own group, or of the control plane.";
    expect(saidOf({ members: [{}, { judged: { group: "other" } }] })).toEqual([
      misplaced("fleet", "other", "support"),
    ]);
    expect(saidOf({ members: [{}, { role: "control-plane" }] })).toEqual([
      misplaced("control-plane", "support", "support"),
    ]);
    expect(saidOf({ members: [{}, { role: "member" }] })).toEqual([
      misplaced("member", "support", "support"),
    ]);
    const outside = changed(stack, `support-2 ${fleetTypes.workload}`, (each) => ({
      ...each,
      parent: "fleet clawforce:fleet:Fleet",
    }));
    expect(said(outside)).toEqual([misplaced("fleet", "support", "fleet")]);
    const nowhere = changed(stack, `support-2 ${fleetTypes.workload}`, ({ parent: _, ...each }) => each);
    expect(said(nowhere)).toEqual([misplaced("fleet", "support", "")]);
  });

  test.each(["support-1 clawforce:fleet:Workload", "support clawforce:fleet:InstanceGroup"])(
    "refuses that %s goes on saying what it said in an earlier run",
    (id) => {
      const frozen = (...ignoreChanges: string[]) =>
        said(changed(stack, id, (each) => ({ ...each, opts: { ...each.opts, ignoreChanges } })));
      expect(frozen()).toEqual([]);
      expect(frozen("judged", "image")).toEqual([
        `${id.split(" ")[0]} ignoreChanges: what it says of the fleet is under ignoreChanges ("judged", "image"). Why: what is judged has to be what runs. Write: no ignoreChanges on a component of the fleet.`,
      ]);
    },
  );

  test("refuses a container that has another image than its workload says", () => {
    const id = `support-1 ${containerType}`;
    const differs = (has: string, says: string) =>
      `support-1 image: its container has "${has}", but it says "${says}". Why: what is judged has to be what runs. ` +
      "Write: the program of this fleet as it is: its workloads say what they find.";
    expect(said(withProps(stack, id, { image: image("e") }))).toEqual([differs(image("e"), candidate)]);
    const unchanged = rolloutStack({ key, members: [{ image: stable, from: stable }, {}] });
    expect(said(withProps(unchanged, id, { image: image("e") }))).toEqual([differs(image("e"), stable)]);
    const unread = (what: string) => [
      `support-1 image: the image of its container is ${what}. Why: nobody can say whether it is proved. ` +
        "Write: the reference of its workload as literal text, with its digest.",
    ];
    expect(said(withProps(unchanged, id, { image: unknownText }))).toEqual(unread("not known at preview"));
    expect(said(withProps(unchanged, id, { image: 7 }))).toEqual(unread("no text"));
    // It was found stopped, and starts again as it was.
    const stopped = rolloutStack({
      key,
      members: [{ image: stable, from: stable, judged: { container: "" } }, {}],
    });
    expect(said(stopped)).toEqual([]);
  });

  test("refuses an instance that changes its group and its image at once", () => {
    const evidence = envelopes(
      { workload: "support-1", start: recordsStart },
      key,
      verified({ workload: "support-1", image: stable, group: "sales" }),
    );
    const message =
      'support-1 judged.group: it was moved from the group "sales" to "support", and gets another image in the same update. ' +
      "Why: it would leave behind the canary that has to prove the image for it. Write: the move alone, run it, and then the image.";
    expect(saidOf({ members: [{ evidence }, {}] })).toEqual([message]);
    expect(saidOf({ members: [{ evidence, image: stable, from: stable }, {}] })).toEqual([]);
    const here = envelopes(
      { workload: "support-1", start: recordsStart },
      key,
      verified({ workload: "support-1", image: stable, group: "sales" }),
      verified({ workload: "support-1", image: stable, group: "support" }),
    );
    expect(saidOf({ members: [{ evidence: here }, {}] })).toEqual([]);
  });

  test("refuses what imitates a workload by name, label or image, and lets the rest be", () => {
    const raw = (props: object, type = containerType): StackResource => ({ type, name: "raw", props });
    const saidBeside = (resource: StackResource, config = {}) => said([...stack, resource], config);
    const imitates = (path: string, what: string) => [
      `raw ${path}: it ${what}. Why: no canary, no snapshot and no gate stands before its change. ` +
        "Write: an instance of a group of the fleet instead.",
    ];
    const other = `docker.io/library/redis:8.2@sha256:${"9".repeat(64)}`;
    const label = (name: string) => [{ label: name, value: "x" }];
    expect(saidBeside(raw({ name: "redis", image: other, labels: label("app") }))).toEqual([]);
    expect(saidBeside(raw({ name: "support-2", image: other }))).toEqual(
      imitates("name", 'has the name of the workload "support-2"'),
    );
    const named = rolloutStack({ key, members: [{ container: { name: "Gateway_1" } }, {}] });
    expect(said([...named, raw({ name: "Gateway_1", image: other })], {})).toEqual(
      imitates("name", 'has the name of the workload "Gateway_1"'),
    );
    expect(saidBeside(raw({ name: "x", image: other, labels: label("clawforce.workload") }))).toEqual(
      imitates("labels", 'has the label "clawforce.workload" and is no workload'),
    );
    expect(saidBeside(raw({ name: "x", image: other, labels: label("clawforce.stack") }))).toEqual(
      imitates("labels", 'has the label "clawforce.stack" and is no workload'),
    );
    expect(saidBeside(raw({ name: "x", image: image("7") }))).toEqual(
      imitates("image", 'runs an image of "ghcr.io/acme/openclaw" and is no workload'),
    );
    expect(
      saidBeside(raw({ name: "x", image: other }), { repositories: ["docker.io/library/redis"] }),
    ).toEqual(imitates("image", 'runs an image of "docker.io/library/redis" and is no workload'));
    const pod = {
      metadata: { labels: { "clawforce.workload": "x" } },
      spec: { containers: [{ image: other }] },
    };
    expect(saidBeside(raw(pod, "kubernetes:core/v1:Pod"))).toEqual(
      imitates("labels", 'has the label "clawforce.workload" and is no workload'),
    );
    const podOfOurs = { spec: { containers: [{ image: image("7") }] } };
    expect(saidBeside(raw(podOfOurs, "kubernetes:core/v1:Pod"))).toEqual(
      imitates("spec.containers[0].image", 'runs an image of "ghcr.io/acme/openclaw" and is no workload'),
    );
    const service = { taskSpec: { containerSpec: { image: image("7") } } };
    expect(saidBeside(raw(service, "docker:index/service:Service"))).toHaveLength(1);
    expect(saidBeside(raw({ name: image("7") }, "docker:index/remoteImage:RemoteImage"))).toEqual([]);
    expect(saidBeside(raw({ create: "operations/move-managed.ts" }, commandType))).toEqual(
      imitates("create", "moves a managed instance and belongs to no workload"),
    );
    expect(saidBeside(raw({ create: "true" }, commandType))).toEqual([]);
  });

  test("says in one line what is wrong with a component that only has the type of a workload", () => {
    const fake = { type: fleetTypes.workload, name: "fake" };
    const inside: StackResource = {
      ...{ type: containerType, name: "fake", parent: `fake ${fleetTypes.workload}` },
      props: { name: "fake", image: image("7"), labels: [{ label: "clawforce.workload", value: "fake" }] },
    };
    expect(said([...stack, fake, inside])).toEqual([
      expect.stringContaining("fake judged: the fact is missing"),
    ]);
    expect(said([...stack, fake])).toEqual([expect.stringContaining("fake container: the fact is missing")]);
    // Another container in it is one beside the fleet all the same.
    expect(said([...stack, fake, inside, { ...inside, name: "other" }])).toEqual([
      expect.stringContaining("fake judged: the fact is missing"),
      expect.stringContaining("other labels: it has the label"),
    ]);
  });

  test("lets the ingress bear the label of its stack", () => {
    const component = { type: fleetTypes.ingress, name: "ingress" };
    const proxy = {
      ...{ type: containerType, name: "ingress", parent: `ingress ${fleetTypes.ingress}` },
      props: { name: "ingress", labels: [{ label: "clawforce.stack", value: "prod" }] },
    };
    expect(said([...stack, component, proxy])).toEqual([]);
  });

  test("says the same in the same order, however the resources come", () => {
    const bad = rolloutStack({
      key,
      canary: { from: stable, records: started("canary") },
      members: [
        { from: stable, image: candidate },
        { from: stable, image: candidate },
      ],
    });
    expect(said(bad.toReversed())).toEqual(said(bad));
    expect(said(bad)).toHaveLength(2);
  });

  test("refuses facts that are unknown or of another shape, and judges the rest", () => {
    const component = `support-2 ${fleetTypes.workload}`;
    const group = `support ${fleetTypes.group}`;
    const unread = (resource: string, path: string, what: string) =>
      `${resource} ${path}: the fact is ${what}. Why: what rests on it can't be judged. ` +
      "Write: the components of this fleet as they are, with facts that are known at preview.";
    const facts = stack.find((each) => each.name === "support-2" && each.type === fleetTypes.workload)
      ?.props as {
      judged: object;
    };
    for (const field of ["track", "role", "group", "image", "from", "container", "move"]) {
      for (const [value, what] of [
        [unknownText, "not known at preview"],
        [undefined, "missing or of another shape"],
        [7, "missing or of another shape"],
      ]) {
        const props = { judged: { ...facts.judged, [field]: value } };
        expect(said(withProps(stack, component, props))).toContain(
          unread("support-2", `judged.${field}`, String(what)),
        );
      }
    }
    // What is missing as a whole is said once.
    expect(said(withProps(stack, component, { judged: unknownText }))).toEqual([
      unread("support-2", "judged", "not known at preview"),
    ]);
    expect(said(withProps(stack, component, { judged: undefined }))).toEqual([
      unread("support-2", "judged", "missing or of another shape"),
    ]);
    const { pause: _, ...withoutPause } = facts.judged as { pause: object };
    expect(said(withProps(stack, component, { judged: withoutPause }))).toEqual([
      unread("support-2", "judged.pause", "missing or of another shape"),
    ]);
    expect(said(withProps(stack, group, { waves: unknownText }))).toContain(
      unread("support", "waves", "not known at preview"),
    );
    expect(said(withProps(stack, group, { waves: [1, unknownText] }))).toContain(
      unread("support", "waves[1]", "not known at preview"),
    );
    const noContainer = changed(stack, `support-2 ${containerType}`, (each) => ({
      ...each,
      parent: "fleet clawforce:fleet:Fleet",
    }));
    expect(said(noContainer)).toContain(unread("support-2", "container", "missing or of another shape"));
  });
});
