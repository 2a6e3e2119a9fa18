import type { ResourceValidationPolicy } from "@pulumi/policy";
import { digestPinned, noMutableImage } from "../policies/image-rules.ts";
import { leastPrivilege } from "../policies/least-privilege.ts";
import { judged } from "../test/policy/judged.ts";
import { median } from "./median.ts";

/** Milliseconds of the processor for 10 kB of the worst text in a property. */
const goal = 5;

const rounds = 9;

/** In characters. */
const length = 10_240;

/** Repeated they bring a careless reader to go back and forth, or to open and close without end. */
const parts = [
  ...["a", "a-", "a/", "a.", "a_", "__", "--", ":", "@", "[", '"', "A/", "a:", "aA", "{{", "%image\n"],
  ...["@sha256:", "a/a:a@", "sk-", "eyJ-", "bearer ", "basic a", "1", "SG.", "-----BEGIN A "],
  ...["image:", "image: ", "image: a:1,", "{image: ", "[image, ", "image: [a, b]\n", "image: {a: 1}\n"],
  ...[
    "- image\n",
    "- - image\n",
    "? image\n",
    "image: |\n ",
    "image: >\n\n",
    "image: 'a' \"b\"\n",
    "\timage: a\n",
  ],
  ...["<<: ", "&a *a image: ", "image: *a\n", "image: !!a b\n", "&a image: ", "---\n", "image: b\n---\n"],
  ...["# image\n---\n", "a=b\n", "a: b\n", "repo: {tag: a}\n", "\\x69", '"\\\n'],
];

/** A place of a resource that takes any text. */
type Place = (text: string) => { type: string; props: object };

const places: readonly Place[] = [
  (text) => ({ type: "docker:index/container:Container", props: { image: text } }),
  (text) => ({ type: "docker:index/container:Container", props: { envs: [`A_IMAGE=${text}`, `${text}=a`] } }),
  (text) => ({ type: "kubernetes:core/v1:ConfigMap", props: { data: { text } } }),
  (text) => ({ type: "kubernetes:core/v1:ConfigMap", props: { data: { images: text } } }),
];

/** One line on how long the worst of such texts takes, in the rules together that look into one. */
export function hostileLine(): string {
  const cases = parts.flatMap((part) => places.map((place) => ({ part, place })));
  // The first round is for the machine to learn the code.
  const took = cases.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1)
    for (const [index, { part, place }] of cases.entries()) {
      // Another text in each round: what a rule remembers of one is of no use to the next.
      const text = `${part.repeat(length)}`.slice(0, length - 4) + String(1000 + round);
      const milliseconds = processorOf(place(text));
      if (round > 0) took[index]?.push(milliseconds);
    }
  const worst = took
    .map((all, index) => ({ milliseconds: median(all), part: cases[index]?.part }))
    .toSorted((one, other) => other.milliseconds - one.milliseconds);
  const named = worst
    .slice(0, 5)
    .map(({ part, milliseconds }) => `${JSON.stringify(part)} ${milliseconds.toFixed(1)} ms`);
  return `10 kB of hostile text take all rules ${named[0]} of the processor at most (then ${named.slice(1).join(", ")}); goal: ${goal} ms`;
}

const rules: readonly ResourceValidationPolicy[] = [noMutableImage, digestPinned, leastPrivilege];

function processorOf(resource: ReturnType<Place>): number {
  const before = process.threadCpuUsage();
  for (const rule of rules) judged(rule, resource);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
