import { firstAction } from "../checks/first-action.ts";
import {
  answersTo,
  answersToIngress,
  describeAnswers,
  forwardedHeaders,
  refusesForwarded,
} from "../ingress/forwarded.ts";
import type { WorkloadContext } from "../workload.ts";
import type { CopiedConfiguration } from "./copied-state.ts";

/** Seconds for one request to a copy that is healthy. */
const deadline = 30;

/**
 * Why people would not be served through the ingress, although the new version is healthy; undefined: they would, as far as a
 * copy without a network can tell. What the version that serves turns away itself is no reason against the new one.
 *
 * @param copy - name of the copy that runs.
 */
export async function proxyProblem(
  context: WorkloadContext,
  copy: string,
  configuration: CopiedConfiguration,
): Promise<string | undefined> {
  const { workload, platform } = context;
  const { ingress, port } = workload;
  const [host] = ingress?.hosts ?? [];
  // On the copy the ingress has no address: who has named proxies may have named the right ones.
  const isNamed = [...(configuration?.keys() ?? [])].some((key) => key.startsWith("gateway.trustedProxies"));
  if (ingress === undefined || host === undefined || isNamed) return undefined;
  const served = await answersToIngress(context);
  if (served === undefined || refusesForwarded(served)) return undefined;
  const client = await platform.openHttp({
    ...{ image: workload.snapshots.image, workload: `${workload.name}/probe`, unit: copy },
    url: "http://127.0.0.1",
  });
  const ask = (forwarded: boolean) => {
    const headers = { host, ...(forwarded && forwardedHeaders(host)) };
    return client.send({ method: "GET", path: ingress.healthPath, port, headers, deadline });
  };
  try {
    const answers = await answersTo(ask);
    if (!refusesForwarded(answers)) return undefined;
    const action = firstAction(answers.said);
    return [
      `it becomes healthy, and answers ${describeAnswers(answers)}`,
      ...(action === undefined ? [] : [`  First: ${action}`]),
    ].join("\n");
  } finally {
    await client.close();
  }
}
