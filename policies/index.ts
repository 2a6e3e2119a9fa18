import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules.ts";
import { keepRunConfiguration } from "./run-configuration.ts";
import { keepSecretMarks } from "./secret-marks.ts";

keepSecretMarks();
keepRunConfiguration(
  rules.map(({ name }) => name),
  // The engine shows it among the messages of the run.
  (sentence) => console.error(sentence),
);
/** The only place that makes the pack: making it starts its server. */
new PolicyPack("clawforce-fleet", { policies: [...rules] });
