import { z } from "zod";
import { checkBase } from "../../../config/check-kind.ts";
import { doc, urlPath } from "../../../config/fields.ts";
import { fieldAt, parsedJson } from "../../../config/json.ts";
import type { HttpAnswer } from "../../../platforms/http.ts";
import type { BaselineEntry } from "../../evidence/records.ts";
import type { Attempt } from "../judge.ts";
import { checkKind } from "../kind.ts";

export const build = checkKind({
  schema: z.strictObject({
    kind: z
      .literal("build")
      .describe(
        "Asks the control plane which build answers: it must have changed with the image, and only with it.",
      ),
    ...checkBase,
    path: urlPath.default("/health").meta(doc("Path of the request.", "/version")),
    field: z
      .string()
      .min(1)
      .default("build_date")
      .meta(doc("Field of the JSON body that changes with the image, and only with it.", "commit")),
  }),
  tracks: ["control-plane"],
  section: `
Reads the field of \`/health\` that names the build. **Proves** that another build answers than before if the image is another one, and the
same build if it is not. **Fails** if the old build still answers. A build without that field can't be told apart and fails; take the check
out for such builds. First see with \`fleet status\` which digest runs.
`,
  rehearsed: (check) => [check],
  async attempt({ context, http, before, image }, check, deadline) {
    const answer = await (await http()).get(check.path, context.workload.port, deadline);
    return judgeBuild(check.field, answer, before, image);
  },
});

/** The build that answers has changed if the image has, and only then. */
export function judgeBuild(
  field: string,
  answer: HttpAnswer,
  baseline: BaselineEntry | undefined,
  image: string,
): Attempt {
  const build = fieldAt(parsedJson(answer.body), field);
  if (typeof build !== "string" || build === "") {
    return { passed: false, detail: `the answer has no ${field}: which build answers is unknown` };
  }
  const before = baseline?.controlPlane?.build;
  if (before === undefined) {
    return { passed: true, detail: `${field} ${build}` };
  }
  const changes = baseline?.image !== image;
  if (changes === (build !== before)) {
    return {
      passed: true,
      detail: changes ? `${field} ${before} -> ${build}` : `${field} ${build} as before`,
    };
  }
  return {
    passed: false,
    detail: changes
      ? `${field} is still ${build}: the old build answers`
      : `${field} is ${build} instead of ${before}: another build answers under the same image`,
  };
}
