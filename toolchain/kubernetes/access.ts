import { answerOf } from "../processes.ts";
import { SetUpError } from "../set-up-error.ts";
import { kubeconfig, write } from "./credentials.ts";

/** What `kubectl config view --minify` prints of one context. */
export interface ConfigView {
  clusters: { cluster: { server: string; "certificate-authority-data"?: string } }[];
}

/** Prints one context of a kubeconfig with what it names, as `ConfigView`: the current one, or that of `--context=`. */
export const viewArgv = ["config", "view", "--minify", "--flatten", "--raw", "--output=json"] as const;

/**
 * Writes a kubeconfig for one service account: what it may do is what the cluster's roles allow it, and no more.
 *
 * @param file gets a token that is good for a day; for its owner's eyes alone
 */
export async function kubeconfigOf(options: {
  /** The path of kubectl. */
  kubectl: string;
  /** The kubeconfig of whoever may make tokens. */
  admin: string;
  namespace: string;
  serviceAccount: string;
  file: string;
}): Promise<void> {
  const { kubectl, admin, namespace, serviceAccount, file } = options;
  const as = [kubectl, `--kubeconfig=${admin}`] as const;
  const who = [`--namespace=${namespace}`, serviceAccount];
  const token = await answerOf([...as, "create", "token", "--duration=24h", ...who]);
  const view = await answerOf([...as, ...viewArgv]);
  if (token === undefined || view === undefined) {
    throw new SetUpError(
      `There is no token for ${namespace}/${serviceAccount}: see whether \`kubectl get serviceaccount\` shows it.`,
    );
  }
  const [first] = (JSON.parse(view) as ConfigView).clusters;
  const authority = Buffer.from(first?.cluster["certificate-authority-data"] ?? "", "base64").toString();
  const server = first?.cluster.server ?? "";
  write(file, kubeconfig({ server, authority, user: serviceAccount, token, namespace }));
}
