import { describe, expect, test } from "vitest";
import { checkKinds, checkName, kindOf } from "../../lifecycle/checks/kinds.ts";
import { checkSchema } from "../../lifecycle/stack-config.ts";

describe("a check without a name", () => {
  test.each([
    [{ kind: "http", path: "/readyz", body: { ready: true } }, "http /readyz"],
    [{ kind: "command", argv: ["openclaw", "health"] }, "command openclaw health"],
    [{ kind: "workflow", argv: ["/srv/ask", "twice"] }, "workflow /srv/ask twice"],
    [{ kind: "version", argv: ["openclaw", "-V"] }, "version"],
    [{ kind: "pins" }, "pins"],
  ])("%j is called %j", (written, name) => {
    expect(checkName(checkSchema.parse(written))).toBe(name);
    expect(checkName(checkSchema.parse({ ...written, name: "mine" }))).toBe("mine");
  });
});

describe("before an update of the control plane", () => {
  test.each([
    [{ kind: "unchanged", what: ["users", "backups"] }, [{ what: ["users"] }]],
    [{ kind: "unchanged", what: ["backups"] }, []],
    [{ kind: "login" }, [{ kind: "login" }]],
    [{ kind: "build" }, [{ kind: "build" }]],
    [{ kind: "version" }, []],
  ])("%j is run on the old version as %j", (written, run) => {
    const check = checkSchema.parse(written);
    expect(kindOf(check).rehearsed?.(check) ?? []).toMatchObject(run);
  });
});

test("a kind of check stands in the list once, on a track, with a section of the page", () => {
  const names = checkKinds.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { tracks, section } of checkKinds) {
    expect(tracks.length).toBeGreaterThan(0);
    expect(section).toMatch(/^\n[A-Z].*\*\*Fails\*\*.*\n$/s);
  }
});

test("a kind that nobody knows is named", () => {
  const check = { ...checkSchema.parse({ kind: "pins" }), kind: "ping" };
  expect(() => kindOf(check)).toThrow('There is no kind of check "ping".');
});
