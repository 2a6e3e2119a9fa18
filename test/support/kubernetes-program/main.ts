import { apps, core, Provider, yaml } from "@pulumi/kubernetes";
import { Config } from "@pulumi/pulumi";

const config = new Config();
const namespace = config.require("namespace");
// A path: what stands in the file stays out of the state.
const provider = new Provider("cluster", { kubeconfig: config.require("kubeconfig"), namespace });
const words = new core.v1.ConfigMap(
  "words",
  { metadata: { name: "words" }, data: { word: "spoken" } },
  { provider },
);

const labels = { app: "speaker" };
new apps.v1.StatefulSet(
  "speaker",
  {
    metadata: { name: "speaker", annotations: { note: config.require("note") } },
    spec: {
      serviceName: "speaker",
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: "main",
              image: config.require("image"),
              command: ["node", "-e", "console.log(process.env.WORD); setInterval(() => {}, 1000)"],
              env: [
                { name: "WORD", valueFrom: { configMapKeyRef: { name: words.metadata.name, key: "word" } } },
              ],
            },
          ],
        },
      },
    },
  },
  { provider },
);

// The provider registers what is inside by itself, and not through the types of an SDK.
new yaml.v2.ConfigGroup(
  "manifest",
  {
    yaml: JSON.stringify({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "from-manifest" },
      data: { a: "b" },
    }),
  },
  { providers: { kubernetes: provider } },
);
