import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EvidenceKeys } from "../../lifecycle/evidence/keys.ts";
import { EvidenceLog } from "../../lifecycle/evidence/log.ts";

// A process of a race: waits for the start and appends records to one log, as `fleet drill` beside an update does. Says
// the number of each record once that is on record.
const [directory = "", signingKey = "", name = "", count = "1"] = process.argv.slice(2);
const log = new EvidenceLog(
  directory,
  "prod",
  "support-1",
  new EvidenceKeys({ signingKey, trustedKeys: [] }),
);

process.stdout.write("ready\n");
while (!existsSync(join(directory, "go"))) await sleep(1);

for (let index = 1; index <= Number(count); index += 1) {
  const { sequence } = await log.append({ kind: "serving", trigger: `${name}-${index}`, did: "was stopped" });
  process.stdout.write(`${sequence} ${name}-${index}\n`);
}
