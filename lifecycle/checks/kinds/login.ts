import { z } from "zod";
import { checkBase } from "../../../config/check-kind.ts";
import { checkKind } from "../kind.ts";

export const login = checkKind({
  schema: z.strictObject({
    kind: z
      .literal("login")
      .describe("Logs in to the control plane with `account`, and asks whose session it is."),
    ...checkBase,
  }),
  tracks: ["control-plane"],
  section: `
Logs in with \`controlPlane.account\` and the secret \`controlPlanePassword\`, asks whose session it is, and whether that is an admin. **Proves**
that users and passwords are there. **Fails** for an account with another role: it sees no instance, no backup and no task, so every
comparison would pass. Look first at the secret and \`account\`, then at the control plane's log.
`,
  realFlow: true,
  rehearsed: (check) => [check],
  async attempt({ context }) {
    // Not for whoever only reads a configuration: the client of the control plane is large.
    const { attemptLogin } = await import("../../control-plane/check.ts");
    return attemptLogin(context);
  },
});
