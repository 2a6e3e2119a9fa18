import type { BakeTask } from "../lifecycle/update/bake.ts";
import { start } from "./start.ts";

await start(async () => {
  const [{ bake }, { withManagedToken }, { contextOf }] = await Promise.all([
    import("../lifecycle/update/bake.ts"),
    import("../lifecycle/managed/gateway-token.ts"),
    import("./program.ts"),
  ]);
  return async (context, task) => {
    const { wave, gatewayTokens, ...asked } = task as BakeTask;
    const contexts = await Promise.all(
      wave.map((workload, index) =>
        withManagedToken(
          contextOf({ workload }, { ...context.secrets, gatewayToken: gatewayTokens[index] ?? "" }),
        ),
      ),
    );
    return bake(context, asked, contexts);
  };
});
