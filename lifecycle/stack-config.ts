import { checkSchemaOf } from "../config/check-kind.ts";
import { stackParser } from "../config/parse.ts";
import { stackSchemaOf } from "../config/schema.ts";
import { checkKinds } from "./checks/kinds.ts";

/** The configuration with the kinds of check that there are: `config` itself knows none. */
export const checkSchema = checkSchemaOf(checkKinds);
export const stackSchema = stackSchemaOf(checkSchema);
export const parseStackConfig = stackParser(stackSchema, checkKinds);
