import { start } from "./start.ts";

await start(async () => (await import("../lifecycle/managed/move.ts")).moveManaged);
