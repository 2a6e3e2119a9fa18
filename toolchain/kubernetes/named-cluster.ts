import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { answerOf } from "../processes.ts";
import { folderOnPath } from "../pulumi.ts";
import { SetUpError } from "../set-up-error.ts";
import { type ConfigView, viewArgv } from "./access.ts";
import { write } from "./credentials.ts";

/**
 * Copies one context of the user's own kubeconfig, with nothing else of it, to `file`. Called only with a name that the
 * user has given: no other code of set-up or tests reads that kubeconfig.
 *
 * @returns the path of the user's kubectl, and where the API answers
 */
export async function namedCluster(
  context: string,
  file: string,
): Promise<{ kubectl: string; server: string }> {
  const folder = folderOnPath(process.env.PATH ?? "", "kubectl");
  if (folder === undefined) {
    throw new SetUpError("--use-context needs kubectl: install it, or leave --use-context out.");
  }
  const kubectl = join(folder, "kubectl");
  const found = await answerOf([kubectl, ...viewArgv, `--context=${context}`]);
  if (found === undefined) {
    throw new SetUpError(
      `Your kubeconfig has no context ${context}: see \`kubectl config get-contexts\`, or leave --use-context out.`,
    );
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  write(file, `${found}\n`);
  if ((await answerOf([kubectl, `--kubeconfig=${file}`, "get", "--raw=/readyz"])) !== "ok") {
    throw new SetUpError(
      `The cluster of context ${context} does not answer: see \`kubectl --context ${context} get nodes\`.`,
    );
  }
  const { clusters } = JSON.parse(found) as ConfigView;
  return { kubectl, server: clusters[0]?.cluster.server ?? "" };
}
