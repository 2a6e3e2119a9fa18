import { KubernetesPlatform } from "../../platforms/kubernetes/platform.ts";
import { kubernetesSettings } from "../../platforms/kubernetes/settings.ts";
import { holdAlone } from "./lone-holder.ts";

// A deployer of its own: takes a lock in a namespace, shows that it holds it alone, and keeps it until a file is there.
const [kubeconfig = "", namespace = "", of = "", witness = "", until = ""] = process.argv.slice(2);
const settings = kubernetesSettings.parse({ kind: "kubernetes", namespace });

await new KubernetesPlatform({ ...settings, kubeconfig }).lock(
  { kind: "repository", of, purpose: "test", image: "none", wait: 120 },
  () => holdAlone(witness, until),
);
process.stdout.write("released\n");
