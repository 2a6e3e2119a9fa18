import { giveUpAdoption } from "../lifecycle/update/bring-back-stranger.ts";
import { runProgram } from "./program.ts";

await runProgram(async (context) => {
  const now = await giveUpAdoption(context);
  if (now !== undefined) context.progress(now);
  return { now: now ?? null };
});
