import type { ResourceValidationPolicy } from "@pulumi/policy";
import { digestPinned, noMutableImage } from "../policies/image-rules.ts";
import { leastPrivilege } from "../policies/least-privilege.ts";
import { judged } from "../test/policy/judged.ts";

/** Milliseconds of the processor for 10 kB of the worst text in a property. */
const goal = 5;

const rounds = 20;

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
  // For the machine to learn the code.
  for (const { part, place } of cases) judge(place(textOf(part, 0)));
  const worst = cases
    .map(({ part, place }) => ({ part, milliseconds: processorOf(part, place) }))
    .toSorted((one, other) => other.milliseconds - one.milliseconds);
  const [first, ...others] = worst
    .slice(0, 5)
    .map(({ part, milliseconds }) => `${milliseconds.toFixed(1)} ms (${JSON.stringify(part)})`);
  return `10 kB of hostile text take all rules ${first} of the processor at most, then ${others.join(", ")}; goal: ${goal} ms`;
}

/** Of one round. A processor's time is told in steps that are too large for one. */
function processorOf(part: string, place: Place): number {
  const before = process.threadCpuUsage();
  for (let round = 1; round <= rounds; round += 1) judge(place(textOf(part, round)));
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000 / rounds;
}

/** Another text in each round: what a rule remembers of one is of no use to the next. */
function textOf(part: string, round: number): string {
  return part.repeat(length).slice(0, length - 2) + String(10 + round);
}

const rules: readonly ResourceValidationPolicy[] = [noMutableImage, digestPinned, leastPrivilege];

function judge(resource: ReturnType<Place>): void {
  for (const rule of rules) judged(rule, resource);
}
