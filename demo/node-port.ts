import { OperationFailure } from "../platforms/failure.ts";
import { until } from "../platforms/until.ts";

/** Seconds that the rules of a Service may take to reach the node. */
const patience = 180;

/** Opens a port of a cluster's node that leads to the proxy: what leads there from outside is the operator's. */
export async function nodePortTo(
  proxy: string,
  /** In its namespace. */
  kubectl: (...argv: string[]) => Promise<string>,
): Promise<{ address: string; port: number }> {
  const made = ["--name=outside", "--type=NodePort", "--port=80", "--target-port=http"];
  await kubectl("expose", "deployment", proxy, ...made);
  const port = Number(
    await kubectl("get", "service", "outside", "--output=jsonpath={.spec.ports[0].nodePort}"),
  );
  const address = await kubectl("get", "node", "--output=jsonpath={.items[0].status.addresses[0].address}");
  const answer = `${address}:${port}`;
  await until(
    () =>
      fetch(`http://${answer}/`).then(
        () => ({ found: undefined }),
        () => ({ waitsFor: answer }),
      ),
    {
      ...{ deadline: patience, interval: 0.1 },
      late: () => new OperationFailure(`the proxy does not answer at ${answer} within ${patience} s.`),
    },
  );
  return { address, port };
}
