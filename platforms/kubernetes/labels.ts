import { createHash } from "node:crypto";

/** Of all labels and annotations of ours. */
export const ownPrefix = "clawforce.io/";
export const stackLabel = "clawforce.io/stack";
export const workloadLabel = "clawforce.io/workload";
/** On the pods of a unit: "control-plane" or "runtime". */
export const trackLabel = "clawforce.io/track";
/** On the pods of the proxy in front: "ingress". */
export const roleLabel = "clawforce.io/role";
/** On the pod template: a hash of what it was made for. */
export const madeAnnotation = "clawforce.io/made";
/** Marks every short-lived pod, claim and lease of ours with the workload it works for. */
export const oneShotLabel = "clawforce.io/one-shot";
/** The same, as it was given: a label takes no slash. */
export const oneShotAnnotation = "clawforce.io/one-shot-for";
export const purposeAnnotation = "clawforce.io/purpose";
/** Tells the further claims of a trial. */
export const trialLabel = "clawforce.io/trial";
/** `none`: our policy keeps the pod from every network. */
export const networkLabel = "clawforce.io/network";
/** Which call has made an object: a creation that is repeated finds its own. */
export const callAnnotation = "clawforce.io/call";
/** Exit code of a unit's container when we last stopped it. */
export const exitAnnotation = "clawforce.io/exit-code";

/** There is a unit, although its controller may be wanted at no replicas: see `InPlace`. */
export const standsAnnotation = "clawforce.io/stands";
/** On a controller: who the top folders of its unit's state were given to. */
export const ownedAnnotation = "clawforce.io/owned-by";
/** On a controller, by the program: what the start of its unit runs anew for. */
export const startAnnotation = "clawforce.io/start";

/** On a controller that was somebody else's: what it was like. */
export const keptAnnotation = "clawforce.io/before-adoption";

/** The name under which everything here changes objects. */
export const fieldManager = "clawforce-fleet";

const longestLabel = 63;

/** The value of a label for any text: the text itself where it is one, else what is left of it and a hash of it. */
export function labelValue(text: string): string {
  if (text.length <= longestLabel && /^[a-zA-Z0-9]([-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(text)) return text;
  return shortened(text, longestLabel, /[^-_.a-zA-Z0-9]+/g);
}

/** The name of an object for any text, so long at most: the text itself where it is one. */
export function objectName(text: string, longest = 63): string {
  const dots = longest > longestLabel ? "." : "";
  const isName = new RegExp(`^[a-z0-9]([-${dots}a-z0-9]*[a-z0-9])?$`).test(text);
  if (text.length <= longest && isName) return text;
  return shortened(text.toLowerCase(), longest, new RegExp(`[^-${dots}a-z0-9]+`, "g"), text);
}

/** Two texts that have the same letters left stay apart by the hash. */
function shortened(text: string, longest: number, unfit: RegExp, hashed = text): string {
  const hash = createHash("sha256").update(hashed).digest("hex").slice(0, 8);
  const left = text
    .replace(unfit, "-")
    .slice(0, longest - hash.length - 1)
    .replace(/^[^a-zA-Z0-9]+|[^a-zA-Z0-9]+$/g, "");
  return left === "" ? hash : `${left}-${hash}`;
}
