import { start } from "./start.ts";

await start(async () => (await import("../lifecycle/update/restore.ts")).restoreBeforeCreate);
