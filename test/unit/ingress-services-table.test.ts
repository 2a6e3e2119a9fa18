import { describe, expect, test } from "vitest";
import { parseServices } from "../../platforms/proxies/kamal/services-table.ts";

/** As kamal-proxy 0.9.2 prints it, styles and all. */
const head =
  "\u001b[3;94mService\u001b[0m  \u001b[3;94mHost\u001b[0m           \u001b[3;94mPath\u001b[0m  \u001b[3;94mTarget\u001b[0m     \u001b[3;94mState\u001b[0m    \u001b[3;94mTLS\u001b[0m  ";
const row = (name: string, host: string, target: string, state: string) =>
  `\u001b[1;34m${name}\u001b[0m        \u001b[m${host}\u001b[0m  \u001b[m/\u001b[0m     \u001b[m${target}\u001b[0m  \u001b[m${state}\u001b[0m  \u001b[mno\u001b[0m   `;

describe("the list of the proxy", () => {
  test("says of each service whether it serves, holds or refuses, under which names, and where requests go", () => {
    const text = [
      head,
      row("a", "a.test,b.test", "a:18789", "running"),
      row("b", "*", "b:8000", "paused"),
      row("c", "c.test", "c:18789", "stopped"),
      "",
    ].join("\n");
    expect(Object.fromEntries(parseServices(text))).toEqual({
      a: { state: "serving", hosts: ["a.test", "b.test"], target: "a:18789" },
      b: { state: "held", hosts: [], target: "b:8000" },
      c: { state: "refusing", hosts: ["c.test"], target: "c:18789" },
    });
  });

  test("is empty before the first workload", () => {
    expect(parseServices(`${head}\n`).size).toBe(0);
  });

  test.each([
    ["nothing at all", "", "nothing"],
    ["another head", "Name  Hosts  State", "Name  Hosts  State"],
    ["an unknown state", `${head}\n${row("a", "*", "a:1", "asleep")}`, "a  *  /  a:1  asleep  no"],
    ["a row that is too short", `${head}\na  *  /  a:1  paused`, "a  *  /  a:1  paused"],
  ])("is refused, not guessed, when it is %s", (_, text, line) => {
    expect(() => parseServices(text)).toThrow(
      `the list of the ingress can't be read ("${line}"): this release knows the one of kamal-proxy 0.9. Use that version.`,
    );
  });
});
