import { checkSchemaOf } from "../config/check-kind.ts";
import { stackParser } from "../config/parse.ts";
import { platformSchemaOf } from "../config/platform-kind.ts";
import { stackSchemaOf } from "../config/schema.ts";
import { platformKinds } from "../platforms/kinds.ts";
import { checkKinds } from "./checks/kinds.ts";

/** The configuration with the kinds of platform and of check that there are: `config` itself knows none. */
export const checkSchema = checkSchemaOf(checkKinds);
export const platformSchema = platformSchemaOf(platformKinds);
/** Of a stack that names none. */
const usualPlatform = { kind: platformKinds[0].schema.shape.kind.value };
export const stackSchema = stackSchemaOf(checkSchema, platformSchema, usualPlatform);
export const parseStackConfig = stackParser(stackSchema, checkKinds, platformKinds);
