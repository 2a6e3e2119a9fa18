import { existsSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { acquireMutex } from "../../operations/mutex.ts";

// A process of a race: takes the mutex again and again and gives it up like one that died. Whoever holds it makes a
// file that must not be there yet: while two hold it, the second can't.
const [file = "", folder = "", rounds = "1"] = process.argv.slice(2);
const witness = join(folder, "witness");

console.log("ready");
while (!existsSync(join(folder, "go"))) await sleep(1);

let taken = 0;
for (let round = 0; round < Number(rounds); round += 1) {
  const held = await acquireMutex(file, `round ${round}`, 3600);
  if (held.stale) taken += 1;
  openSync(witness, "wx");
  await sleep(3);
  rmSync(witness);
  await held.abandon();
}
console.log(`${rounds} times, ${taken} of them taken over`);
