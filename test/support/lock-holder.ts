import { existsSync, openSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { dockerClient } from "../../platforms/docker/client.ts";
import { withHostLock } from "../../platforms/docker/host-lock.ts";

// A deployer of its own: takes a lock of a Docker host, shows that it holds it alone, and keeps it until a file is there.
const [host = "", image = "", of = "", witness = "", until = ""] = process.argv.slice(2);

await withHostLock(
  dockerClient(host),
  { kind: "repository", of, purpose: "test", image, wait: 120 },
  async () => {
    // Fails while another one holds it.
    openSync(witness, "wx");
    process.stdout.write("held\n");
    while (until !== "" && !existsSync(until)) await sleep(20);
    rmSync(witness);
  },
);
process.stdout.write("released\n");
