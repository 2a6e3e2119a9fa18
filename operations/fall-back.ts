import { start } from "./start.ts";

await start(async () => (await import("../lifecycle/update/fall-back.ts")).fallBack);
