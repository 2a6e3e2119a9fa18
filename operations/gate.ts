import { start } from "./start.ts";

await start(async () => (await import("../lifecycle/update/gate.ts")).gate);
