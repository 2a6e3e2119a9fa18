import { start } from "./start.ts";

await start(async () => {
  const { giveUpAdoption } = await import("../lifecycle/update/bring-back-stranger.ts");
  return async (context) => {
    const now = await giveUpAdoption(context);
    if (now !== undefined) context.progress(now);
    return { now: now ?? null };
  };
});
