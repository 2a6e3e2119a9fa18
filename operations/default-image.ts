import { start } from "./start.ts";

await start(async () => (await import("../lifecycle/control-plane/follow-rollout.ts")).followRollout);
