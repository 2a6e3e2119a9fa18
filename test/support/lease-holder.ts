import { existsSync, openSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { KubernetesPlatform } from "../../platforms/kubernetes/platform.ts";
import { kubernetesSettings } from "../../platforms/kubernetes/settings.ts";

// A deployer of its own: takes a lock in a namespace, shows that it holds it alone, and keeps it until a file is there.
const [kubeconfig = "", namespace = "", of = "", witness = "", until = ""] = process.argv.slice(2);
const settings = kubernetesSettings.parse({ kind: "kubernetes", namespace });

await new KubernetesPlatform({ ...settings, kubeconfig }).lock(
  { kind: "repository", of, purpose: "test", image: "none", wait: 120 },
  async () => {
    // Fails while another one holds it.
    openSync(witness, "wx");
    process.stdout.write("held\n");
    while (until !== "" && !existsSync(until)) await sleep(20);
    rmSync(witness);
  },
);
process.stdout.write("released\n");
