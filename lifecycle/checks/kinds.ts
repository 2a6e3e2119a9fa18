import type { Check } from "../../config/check-kind.ts";
import type { CheckKind } from "./kind.ts";
import { build } from "./kinds/build.ts";
import { channels } from "./kinds/channels.ts";
import { command } from "./kinds/command.ts";
import { conversation } from "./kinds/conversation.ts";
import { http } from "./kinds/http.ts";
import { login } from "./kinds/login.ts";
import { logs } from "./kinds/logs.ts";
import { message } from "./kinds/message.ts";
import { pins } from "./kinds/pins.ts";
import { unchanged } from "./kinds/unchanged.ts";
import { version } from "./kinds/version.ts";
import { workflow } from "./kinds/workflow.ts";

/** In the order in which messages and pages name them. */
export const checkKinds: readonly CheckKind[] = [
  http,
  command,
  version,
  logs,
  login,
  build,
  channels,
  conversation,
  message,
  unchanged,
  pins,
  workflow,
];

export function kindOf({ kind }: Check): CheckKind {
  const found = checkKinds.find(({ name }) => name === kind);
  if (found === undefined) throw new Error(`There is no kind of check ${JSON.stringify(kind)}.`);
  return found;
}

/** What messages and records call a check. */
export function checkName(check: Check): string {
  return check.name ?? kindOf(check).defaultName?.(check) ?? check.kind;
}
