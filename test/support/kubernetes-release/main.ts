import { helm, Provider } from "@pulumi/kubernetes";
import { Config } from "@pulumi/pulumi";

const config = new Config();
const namespace = config.require("namespace");
const provider = new Provider("cluster", { kubeconfig: config.require("kubeconfig"), namespace });
const name = config.require("release");
new helm.v3.Release(
  name,
  { name, namespace, chart: config.require("chart"), values: { note: config.require("note") }, timeout: 300 },
  { provider },
);
