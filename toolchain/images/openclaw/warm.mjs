// Runs once while the image is built. It proves that the gateway gets ready on an empty state folder, and leaves
// the compile caches of this run in /tmp: 2026.4.15 then starts with half the processor time.
import { execFile, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const state = "/tmp/warm-state";
const env = {
  ...process.env,
  OPENCLAW_STATE_DIR: state,
  OPENCLAW_GATEWAY_TOKEN: "warm",
  OPENCLAW_SKIP_CHANNELS: "1",
};
/** A busy machine takes minutes where a quiet one takes seconds: only a gateway that hangs ends this. Seconds. */
const patience = 3600;
/** Seconds between two lines that say that it goes on. */
const sayEvery = 60;
const began = Date.now();
const secondsSoFar = () => Math.round((Date.now() - began) / 1000);

const gateway = spawn("openclaw", process.argv.slice(2), { env, stdio: "inherit" });
const ended = new Promise((resolve) => gateway.on("exit", resolve));

/** Ends the build with one sentence: the person at the machine has no use for where it stands in this file. */
function giveUp(sentence) {
  console.error(sentence);
  gateway.kill("SIGKILL");
  process.exit(1);
}

gateway.on("error", ({ message }) => giveUp(`The gateway could not be started: ${message}.`));

for (let said = 0; ; ) {
  const end = gateway.exitCode ?? gateway.signalCode;
  if (end !== null) giveUp(`The gateway ended with ${end} before it was ready: the lines above say why.`);
  if (secondsSoFar() > patience)
    giveUp(
      `The gateway was not ready within ${patience} s: start again when this machine has less to do. What is made is kept.`,
    );
  if (secondsSoFar() >= said + sayEvery) {
    said = secondsSoFar();
    console.log(`slow: the gateway is not ready after ${said} s, waiting on`);
  }
  const ready = await fetch("http://127.0.0.1:18789/readyz").catch(() => undefined);
  const told = ready?.status === 200 ? await ready.json().catch(() => undefined) : undefined;
  if (told?.ready) break;
  await sleep(250);
}

// The commands that an update's checks run: their modules belong to the caches too.
for (const command of [["--version"], ["health", "--json"], ["status", "--json"]]) {
  await promisify(execFile)("openclaw", command, { env }).catch(({ message }) => giveUp(message));
}

// The caches are written at exit.
gateway.kill("SIGTERM");
await ended;
for (const leftover of [state, "/tmp/openclaw", `/tmp/openclaw-${process.getuid()}`]) {
  rmSync(leftover, { recursive: true, force: true });
}
