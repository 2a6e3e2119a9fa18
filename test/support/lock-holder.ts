import { dockerClient } from "../../platforms/docker/client.ts";
import { withHostLock } from "../../platforms/docker/host-lock.ts";
import { holdAlone } from "./lone-holder.ts";

// A deployer of its own: takes a lock of a Docker host, shows that it holds it alone, and keeps it until a file is there.
const [host = "", image = "", of = "", witness = "", until = ""] = process.argv.slice(2);

await withHostLock(dockerClient(host), { kind: "repository", of, purpose: "test", image, wait: 120 }, () =>
  holdAlone(witness, until),
);
process.stdout.write("released\n");
