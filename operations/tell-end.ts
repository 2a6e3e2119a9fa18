import { start } from "./start.ts";

await start(async () => (await import("../lifecycle/update/tell-end.ts")).tellEnd);
