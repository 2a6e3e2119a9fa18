import type { FoundHand } from "./found-image.ts";
import { notKnown, type Reached } from "./guarded-read.ts";

/** What annotations and labels tell something else to do with images, by their keys. */
const hands: readonly { key: RegExp; hand: FoundHand["hand"]; off?: RegExp }[] = [
  // Updaters, which change the image of what has them.
  { key: /^argocd-image-updater\.argoproj\.io\//, hand: "moves" },
  { key: /^keel\.sh\/(policy|trigger|match-tag|match-preview)$/, hand: "moves", off: /^never$/i },
  { key: /^(fluxcd\.io|flux\.weave\.works)\/(automated|tag\..*)$/, hand: "moves" },
  { key: /^image\.openshift\.io\/triggers$/, hand: "moves", off: /^(\[\s*\])?$/ },
  { key: /^alpha\.image\.policy\.openshift\.io\/resolve-names$/, hand: "moves" },
  { key: /^com\.(centurylinklabs\.watchtower|ouroboros)\.enable$/, hand: "moves" },
  { key: /^io\.containers\.autoupdate$/, hand: "moves", off: /^disabled$/i },
  // Injectors, which put a container of their own into the pod.
  { key: /^sidecar\.istio\.io\/inject$/, hand: "injects" },
  { key: /^(istio-injection|istio\.io\/rev)$/, hand: "injects" },
  { key: /^linkerd\.io\/inject$/, hand: "injects" },
  { key: /^vault\.hashicorp\.com\/agent-inject$/, hand: "injects" },
  { key: /^consul\.hashicorp\.com\/connect-inject$/, hand: "injects" },
  { key: /^dapr\.io\/enabled$/, hand: "injects" },
  {
    key: /^(kuma\.io|sidecar\.opentelemetry\.io|sidecar\.jaegertracing\.io)\/(sidecar-injection|inject)$/,
    hand: "injects",
  },
  { key: /^instrumentation\.opentelemetry\.io\/inject-/, hand: "injects" },
  { key: /^appmesh\.k8s\.aws\/sidecarInjectorWebhook$/, hand: "injects" },
];

const usualOff = /^(|0|false|no|off|disabled)$/i;

/** What an annotation or a label lets something else do with images. A value that nobody knows may be any. */
export function handOf({ key, path, value }: Reached & { key: string }): FoundHand | undefined {
  const known = hands.find((each) => each.key.test(key));
  if (known === undefined || value === undefined || value === null) return undefined;
  const isOff = value !== notKnown && (known.off ?? usualOff).test(String(value).trim());
  return isOff ? undefined : { path, hand: known.hand, by: key };
}

/** Resources that exist to change images of others. */
const movers =
  /^kubernetes:(?:image\.toolkit\.fluxcd\.io\/[^:]+:(ImageUpdateAutomation)|argocd-image-updater\.argoproj\.io\/[^:]+:(ImageUpdater))(?:Patch|List)?$/;

/** The kind of such a resource; undefined: it is none. */
export function moverKind(type: string): string | undefined {
  const [, flux, argo] = movers.exec(type) ?? [];
  return flux ?? argo;
}
