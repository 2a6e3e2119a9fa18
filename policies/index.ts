import { PolicyPack } from "@pulumi/policy";
import { rules } from "./rules.ts";
import { keepSecretMarks } from "./secret-marks.ts";

keepSecretMarks();
/** The only place that makes the pack: making it starts its server. */
new PolicyPack("clawforce-fleet", { policies: [...rules] });
