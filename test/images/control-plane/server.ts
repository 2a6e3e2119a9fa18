// A STAND-IN of the Clawforce control plane, for tests and the demo only. It speaks the calls of its API that an update
// meets, as they were found to behave, faults included: a health status that is always 200, sessions that end with the
// process, an image field that is ignored, update-image that hides its failures, backups that are "completed" when they
// hold nothing, a restore that does nothing, an old version that comes up green on a newer one's database, a session that
// is no administrator's and sees nothing. The instances are real containers, the database is a real SQLite file.
import { createServer } from "node:http";
import { Accounts } from "./accounts.ts";
import { type Api, respond } from "./api.ts";
import { Backups } from "./backups.ts";
import { Engine } from "./engine.ts";
import { readEnvironment, switchText } from "./environment.ts";
import { Instances } from "./instances.ts";
import { ensureKeys } from "./keys.ts";
import { Store } from "./store.ts";
import { Tasks } from "./tasks.ts";

const log = (line: string) => console.log(`[stand-in] ${line}`);

const environment = readEnvironment(process.env);
if (switchText(environment, "refuse-start") !== undefined) {
  log("refusing to start: refuse-start is present");
  process.exit(1);
}

const store = new Store(environment, log);
ensureKeys(environment.data);
const accounts = new Accounts(store);
const { administrator } = environment;
if (administrator !== undefined && accounts.setupRequired()) {
  accounts.create(administrator.username, administrator.password, "admin");
}
const engine = new Engine(environment.socket);
const tasks = new Tasks();
const instances = new Instances({ environment, store, engine, tasks });
const backups = new Backups({ environment, store, engine, tasks, instances }, log);
instances.reconcile();
backups.reconcile();

const api: Api = { environment, store, engine, tasks, instances, backups, accounts, begun: Date.now() };
const server = createServer((request, response) => void respond(api, request, response));
server.listen(environment.port, "0.0.0.0", () => {
  log(`the stand-in of the control plane ${environment.version} listens on port ${environment.port}`);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => {
    log(`${signal} received; shutting down`);
    server.close(() => {
      store.close();
      process.exit(0);
    });
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 10_000).unref();
  });
}
