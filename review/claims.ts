import { type Finding, quoted } from "./finding.ts";
import { isInPlace, madeOfSet } from "./in-place.ts";
import { textOf } from "./plain-json.ts";
import { changesImage } from "./tracks.ts";
import { digestOf, imageOf, type ReviewedWorkload, sameDigest, type ToldFacts } from "./workload.ts";

/** Whether what the pack was told of a workload is what the engine would do to it. */
export function claimFindings(workload: ReviewedWorkload): Finding[] {
  const { component, told, runner } = workload;
  if (component.op === "delete") return [];
  if (told === undefined) {
    return [
      refusal(workload, {
        what: "its component does not say in a readable form what happens to it",
        why: "the policy pack had nothing to judge it by",
        write: "`judged` among the outputs of its component, as components/workload.ts has it",
      }),
    ];
  }
  if (runner === undefined) {
    return [
      refusal(workload, {
        what: `it has no ${workload.managed ? "command that moves it" : "container of its own name"} below its component`,
        why: "nothing shows what happens to it",
        write: "what runs it below its component, as components/ has it",
      }),
    ];
  }
  if (workload.starter?.after === undefined && isInPlace(workload)) {
    return [
      refusal(workload, {
        what: "it has no command of its own name below its component",
        why: "the provider changes its set at no replicas, and nothing would start it",
        write: "what starts it below its component, as components/ has it",
      }),
    ];
  }
  return [
    ...trackOf(workload, told),
    ...imagesOf(workload, told),
    ...containerOf(workload, told),
    ...moveOf(workload, told),
  ];
}

function trackOf(workload: ReviewedWorkload, told: ToldFacts): Finding[] {
  const inputs = textOf(workload.component.after?.inputs.track);
  const wrong = [told.track, inputs].find((track) => track !== workload.track);
  return wrong === undefined
    ? []
    : [
        refusal(workload, {
          what: `the policies were told that it is part of the track ${quoted(wrong)}, but it stands in the track ${quoted(workload.track)}`,
          why: "two tracks would change in one window and look like one",
          write: "the track that it stands in",
        }),
      ];
}

function imagesOf(workload: ReviewedWorkload, told: ToldFacts): Finding[] {
  const { runner, component } = workload;
  const to = [imageOf(workload, runner?.after), textOf(component.after?.inputs.image)].find(
    (image) => !sameDigest(image, told.image),
  );
  const from = imageOf(workload, runner?.before);
  return [
    ...(to === undefined
      ? []
      : [
          refusal(workload, {
            what: `the policies were told that it is to run ${digits(told.image)}, but it would run ${digits(to)}`,
            why: "the policy pack has judged another image",
            write: "one image, and no `ignoreChanges` on it",
          }),
        ]),
    ...(runsSomethingElse(workload, told)
      ? [
          refusal(workload, {
            what: `the policies were told that it runs ${digits(told.from)} so far, but by the engine's state it runs ${digits(from)}`,
            why: "it was changed outside of this program, or an update of it was interrupted. What would be replaced is not what was judged",
            write: workload.managed
              ? "nothing until it is known who has moved it; `fleet status` says what runs"
              : "the state as it is first: `pulumi refresh`, or `fleet recover` after a deployer that died",
          }),
        ]
      : []),
  ];
}

/** Whether the engine's state has another image than the one that was seen to run. */
export function runsSomethingElse(workload: ReviewedWorkload, { from }: ToldFacts): boolean {
  const before = workload.runner?.before;
  return before !== undefined && !sameDigest(imageOf(workload, before), from);
}

function containerOf(workload: ReviewedWorkload, { container }: ToldFacts): Finding[] {
  const before = workload.runner?.before;
  // A set keeps its id: the hash that its pod is made for stands behind it.
  const [told, id] =
    isInPlace(workload) && before !== undefined
      ? [container.slice(container.indexOf("/") + 1), madeOfSet(before)]
      : [container, before?.id ?? ""];
  return workload.managed || container === "" || id === "" || told === id
    ? []
    : [
        refusal(workload, {
          what: `the policies were told of the container ${told.slice(0, 12)}, but the engine's state has ${id.slice(0, 12)}`,
          why: "the proof is of another container",
          write: "the state as it is first: `pulumi refresh`",
        }),
      ];
}

function moveOf(workload: ReviewedWorkload, told: ToldFacts): Finding[] {
  const { runner, starter, managed } = workload;
  const op = starter?.op ?? "";
  const anew = op === "replace" || op === "create";
  const subject = managed
    ? "the command that moves it"
    : isInPlace(workload)
      ? "the command that starts it"
      : "its container";
  if (told.move === "restore" && told.restore === undefined) {
    return [
      refusal(workload, {
        what: "its state would be set back, and nobody says to which snapshot",
        why: "it is not known what would be lost",
        write: "the snapshot as `restore` of the workload",
      }),
    ];
  }
  if (told.move === "first" && op !== "create") {
    return [
      refusal(workload, {
        what: `the policies were told that it starts for the first time, but ${subject} is there: ${quoted(op)}`,
        why: "its records are gone, and with them what it can be set back to",
        write: "its records back into the evidence directory",
      }),
    ];
  }
  if (told.move !== "none" && told.move !== "first" && !anew) {
    return [
      refusal(workload, {
        what: `the policies were told that it moves (${told.move}), but ${subject} would not be made anew: ${quoted(op)}`,
        why: "it would go on running what it runs, and look updated",
        write: "no `--target` and no `ignoreChanges` on its image",
      }),
    ];
  }
  const images = [imageOf(workload, runner?.before), imageOf(workload, runner?.after)] as const;
  return told.move === "none" && !runsSomethingElse(workload, told) && changesImage(workload)
    ? [
        refusal(workload, {
          what: `the policies were told that it stays on its image, but it would go from ${digits(images[0])} to ${digits(images[1])}`,
          why: "an update that is not told as one passes every rule about updates",
          write: "the image that it runs, or a candidate",
        }),
      ]
    : [];
}

/** The first 12 digits of a digest; without one the reference itself. */
function digits(reference: string): string {
  const digest = digestOf(reference);
  return /^sha256:[0-9a-f]{64}$/.test(digest) ? digest.slice(7, 19) : quoted(reference);
}

function refusal(workload: ReviewedWorkload, told: Pick<Finding, "what" | "why" | "write">): Finding {
  return { check: "claims", level: "refusal", resource: workload.name, ...told };
}
