import { describe, expect, test } from "vitest";
import { judgeLogin, judgeSteady } from "../../lifecycle/control-plane/judge.ts";
import type { ControlPlaneBaseline } from "../../lifecycle/evidence/control-plane-baseline.ts";

describe("a login", () => {
  test("passes for an admin", () => {
    expect(judgeLogin("admin", { username: "admin", role: "admin" })).toEqual({
      passed: true,
      detail: "logged in as admin, an admin",
    });
  });

  test("that gives another user's session fails", () => {
    expect(judgeLogin("admin", { username: "guest", role: "admin" })).toEqual({
      passed: false,
      detail: "logged in as admin, but the session belongs to guest",
    });
  });

  test.each([
    ["user", "has the role user"],
    [undefined, "has no role that is known"],
  ])("of an account with the role %s fails: it would see nothing, and all would pass", (role, why) => {
    expect(judgeLogin("ops", { username: "ops", role })).toEqual({
      passed: false,
      detail:
        `the account ops ${why}, and only an admin sees all instances, backups and settings. ` +
        "Make it an admin in the control plane, or name another one under `controlPlane.account`",
    });
  });
});

describe("a control plane", () => {
  const before: ControlPlaneBaseline = {
    instances: [
      { name: "bot-a", status: "running" },
      { name: "bot-b", status: "stopped" },
    ],
    backups: 2,
  };

  test.each(["creating", "restarting", "stopping", "error", "failed"])(
    "is not to be started while an instance is %s",
    (status) => {
      expect(judgeSteady(before).passed).toBe(true);
      expect(judgeSteady({ ...before, instances: [{ name: "bot-a", status }] })).toEqual({
        passed: false,
        detail: `bot-a is ${status}`,
      });
    },
  );
});
