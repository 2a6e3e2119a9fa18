import { PolicyPack } from "@pulumi/policy";
import { digestPinned, noMutableImage } from "./image-rules.ts";

/** The only place that makes the pack: making it starts its server. */
new PolicyPack("clawforce-fleet", { policies: [noMutableImage, digestPinned] });
