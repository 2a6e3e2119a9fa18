import { withManagedToken } from "../lifecycle/managed/gateway-token.ts";
import { type BakeTask, bake } from "../lifecycle/update/bake.ts";
import { contextOf, runProgram } from "./program.ts";

await runProgram(async (context, task) => {
  const { wave, gatewayTokens, ...asked } = task as BakeTask;
  const contexts = await Promise.all(
    wave.map((workload, index) =>
      withManagedToken(
        contextOf({ workload }, { ...context.secrets, gatewayToken: gatewayTokens[index] ?? "" }),
      ),
    ),
  );
  return bake(context, asked, contexts);
});
