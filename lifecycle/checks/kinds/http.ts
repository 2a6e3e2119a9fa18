import { z } from "zod";
import { checkBase } from "../../../config/check-kind.ts";
import { doc, port, urlPath } from "../../../config/fields.ts";
import { fieldAt } from "../../../config/json.ts";
import { oneLine } from "../cli-output.ts";
import { type Attempt, failed, passed } from "../judge.ts";
import { checkKind } from "../kind.ts";

export const http = checkKind({
  schema: z.strictObject({
    kind: z
      .literal("http")
      .describe("Sends a request from inside the workload's network, and compares the answer."),
    ...checkBase,
    path: urlPath.meta(doc("Path of the request.", "/readyz")),
    port: port.optional().meta(doc("Port of the request. Default: that of the container.", 8080)),
    status: z.int().min(100).max(599).default(200).meta(doc("Status that the answer must have.", 204)),
    body: z
      .record(
        z.string(),
        z.union(
          [z.string(), z.number(), z.boolean()],
          "expected a text, a number, true or false. Write the field's wanted value",
        ),
      )
      .refine(
        (fields) => Object.keys(fields).length > 0,
        "no field of the body is checked, and a status code alone proves nothing. Name one, as in `status: live`",
      )
      .meta({
        ...doc("Fields that the JSON body must have: a dotted path and the wanted value for each.", {
          ready: true,
        }),
        minProperties: 1,
      }),
  }),
  tracks: ["control-plane", "runtime"],
  section: `
Sends a request from inside the workload's own network. **Proves** the status and each named field of the JSON body: \`body: {ready: true}\`,
with dotted paths for nested ones. A status code alone lies, so \`body\` is never empty. **Fails** with the field that differs. Look first at
the container's log.
`,
  defaultName: ({ path }) => `http ${path}`,
  async attempt({ context, http }, check, deadline) {
    const client = await http();
    return judgeHttp(check, await client.get(check.path, check.port ?? context.workload.port, deadline));
  },
});

export function judgeHttp(
  wanted: { status: number; body: Record<string, string | number | boolean> },
  answer: { status: number; body: string },
): Attempt {
  if (answer.status !== wanted.status) {
    return failed(`HTTP ${answer.status} instead of ${wanted.status}: ${oneLine(answer.body)}`);
  }
  let body: unknown;
  try {
    body = JSON.parse(answer.body);
  } catch {
    return failed(`HTTP ${answer.status}, but the body is not JSON: ${oneLine(answer.body)}`);
  }
  for (const [path, value] of Object.entries(wanted.body)) {
    const seen = fieldAt(body, path);
    if (seen !== value) {
      return failed(`${path} is ${JSON.stringify(seen)} instead of ${JSON.stringify(value)}`);
    }
  }
  return passed(
    Object.entries(wanted.body)
      .map(([path, value]) => `${path}=${value}`)
      .join(" "),
  );
}
