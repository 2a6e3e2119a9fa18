import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { changeLines, type Edit, editStackText } from "../../fleet/stack-edit.ts";

const file = `# PRODUCTION: look twice.
encryptionsalt: v1:abc=
config:
  clawforce:agentImages:
    chromium:
      stable: repo/agent:1@sha256:aaa   # what runs
      # A rollout begins with the line below.
      previous: "repo/agent:0@sha256:000"

  clawforce:instanceGroups:
    support:
      agentImage: chromium
      instances:
        - support-canary   # hurts least
        - name: support-1
          directory: /srv/support-1
      waves: [1,  50%, 100%]
      wave: 0
    sales: {agentImage: chromium, instances: [a, b], wave: 1}
`;

function edited(...edits: Edit[]): string {
  return editStackText(file, edits).text;
}

/** The content of a stack file as the edit wants it. */
function withSetting(content: unknown, { path: [first, ...rest], value }: Edit): unknown {
  const keys = ["config", `clawforce:${first}`, ...rest];
  let at = content as Record<string | number, unknown>;
  for (const key of keys.slice(0, -1)) {
    at[key] ??= {};
    at = at[key] as typeof at;
  }
  const last = keys.at(-1) ?? "";
  if (value === undefined) delete at[last];
  else at[last] = value;
  return content;
}

/** The lines that are in one text and not in the other. */
function difference(text: string): { gone: string[]; come: string[] } {
  const [before, after] = [file.split("\n"), text.split("\n")];
  return {
    gone: before.filter((line) => !after.includes(line)),
    come: after.filter((line) => !before.includes(line)),
  };
}

describe("an edit of the stack file", () => {
  test.each<[string, Edit, { gone: string[]; come: string[] }]>([
    [
      "changes a number and leaves all else as it was written",
      { path: ["instanceGroups", "support", "wave"], value: 2 },
      { gone: ["      wave: 0"], come: ["      wave: 2"] },
    ],
    [
      "keeps the comment behind a value, one space behind it",
      { path: ["agentImages", "chromium", "stable"], value: "repo/agent:2@sha256:bbb" },
      {
        gone: ["      stable: repo/agent:1@sha256:aaa   # what runs"],
        come: ["      stable: repo/agent:2@sha256:bbb # what runs"],
      },
    ],
    [
      "adds a key as a line of its own",
      { path: ["agentImages", "chromium", "candidate"], value: "repo/agent:2@sha256:bbb" },
      { gone: [], come: ["      candidate: repo/agent:2@sha256:bbb"] },
    ],
    [
      "takes a key out with its line",
      { path: ["agentImages", "chromium", "previous"], value: undefined },
      { gone: ['      previous: "repo/agent:0@sha256:000"'], come: [] },
    ],
    [
      "makes a mapping of an instance that was a name alone",
      {
        path: ["instanceGroups", "support", "instances", 0],
        value: { name: "support-canary", restore: "12345678" },
      },
      {
        gone: ["        - support-canary   # hurts least"],
        come: ['        - {name: support-canary, restore: "12345678"} # hurts least'],
      },
    ],
    [
      "adds a key to an instance that is a mapping",
      { path: ["instanceGroups", "support", "instances", 1, "restore"], value: "34e495d1" },
      { gone: [], come: ["          restore: 34e495d1"] },
    ],
    [
      "changes a value in a mapping of one line",
      { path: ["instanceGroups", "sales", "wave"], value: 0 },
      {
        gone: ["    sales: {agentImage: chromium, instances: [a, b], wave: 1}"],
        come: ["    sales: {agentImage: chromium, instances: [a, b], wave: 0}"],
      },
    ],
    [
      "adds a key to a mapping of one line",
      { path: ["instanceGroups", "sales", "bake"], value: "30m" },
      {
        gone: ["    sales: {agentImage: chromium, instances: [a, b], wave: 1}"],
        come: ["    sales: {agentImage: chromium, instances: [a, b], wave: 1, bake: 30m}"],
      },
    ],
    [
      "takes a key out of a mapping of one line",
      { path: ["instanceGroups", "sales", "wave"], value: undefined },
      {
        gone: ["    sales: {agentImage: chromium, instances: [a, b], wave: 1}"],
        come: ["    sales: {agentImage: chromium, instances: [a, b]}"],
      },
    ],
    [
      "takes the first key of an item out",
      { path: ["instanceGroups", "support", "instances", 1, "name"], value: undefined },
      {
        gone: ["        - name: support-1", "          directory: /srv/support-1"],
        come: ["        - directory: /srv/support-1"],
      },
    ],
    [
      "adds a mapping that is not there",
      { path: ["controlPlane", "image"], value: "repo/plane:1@sha256:ccc" },
      { gone: [], come: ["  clawforce:controlPlane:", "    image: repo/plane:1@sha256:ccc"] },
    ],
    [
      "puts a value in the place of a whole list",
      { path: ["instanceGroups", "support", "waves"], value: "100%" },
      { gone: ["      waves: [1,  50%, 100%]"], come: ["      waves: 100%"] },
    ],
  ])("%s", (_, edit, lines) => {
    const text = edited(edit);
    expect(difference(text)).toEqual(lines);
    expect(parse(text)).toEqual(withSetting(parse(file), edit));
  });

  test("several edits change their own lines, and a comment stays above the place of the key that is gone", () => {
    const text = edited(
      { path: ["agentImages", "chromium", "previous"], value: undefined },
      { path: ["agentImages", "chromium", "stable"], value: "repo/agent:2@sha256:bbb" },
      { path: ["instanceGroups", "support", "wave"], value: 1 },
    );
    expect(text).toBe(
      file
        .replace("repo/agent:1@sha256:aaa   #", "repo/agent:2@sha256:bbb #")
        .replace('      previous: "repo/agent:0@sha256:000"\n', "")
        .replace("wave: 0", "wave: 1"),
    );
  });

  test("lists over several lines, empty lines and indents stay as they are", () => {
    const odd = `config:
    clawforce:agentImages:
        chromium:
            stable: a


            previous: 'b'
    clawforce:instanceGroups:
        support:
            waves: [1,
                    50%,   # half
                    100%]
            wave: 0
            argv: [ "a", 'b',
                c ]
`;
    const { text } = editStackText(odd, [
      { path: ["agentImages", "chromium", "candidate"], value: "c" },
      { path: ["instanceGroups", "support", "wave"], value: 1 },
    ]);
    expect(text).toBe(
      odd
        .replace("previous: 'b'\n", "previous: 'b'\n            candidate: c\n")
        .replace("wave: 0", "wave: 1"),
    );
  });

  test.each([
    ["prod", "chromium", "support"],
    ["staging", "openclaw", "staging"],
  ])("the example %s comes back byte for byte when an edit is taken back", (stack, image, group) => {
    const example = readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8");
    const there = editStackText(example, [
      { path: ["agentImages", image, "retired"], value: "repo/agent:2@sha256:bbb" },
      { path: ["instanceGroups", group, "wave"], value: 1 },
    ]);
    expect(there.text.split("\n").filter((line) => !example.split("\n").includes(line))).toEqual([
      "      retired: repo/agent:2@sha256:bbb",
      "      wave: 1",
    ]);
    const back = editStackText(there.text, [
      { path: ["agentImages", image, "retired"], value: undefined },
      { path: ["instanceGroups", group, "wave"], value: 0 },
    ]);
    expect(back.text).toBe(example);
  });

  test("what is shared by an anchor or a merge key is not changed for both", () => {
    const text =
      "config:\n  clawforce:groups:\n    a: &a {wave: 0, v: 1}\n    b:\n      <<: *a\n      v: 2\n    c: *a\n";
    const shared = () => editStackText(text, [{ path: ["groups", "a", "wave"], value: 1 }]);
    expect(shared).toThrow(
      "clawforce:groups.a.wave is shared with another part of the stack file by an anchor",
    );
    const own = editStackText(text, [{ path: ["groups", "b", "wave"], value: 1 }]);
    expect(parse(own.text, { merge: true }).config["clawforce:groups"]).toEqual({
      a: { wave: 0, v: 1 },
      b: { wave: 1, v: 2 },
      c: { wave: 0, v: 1 },
    });
  });

  test("an alias is not changed behind the back of what it stands for", () => {
    const text = "config:\n  clawforce:a: &x {v: 1}\n  clawforce:b: *x\n";
    const after = editStackText(text, [{ path: ["b"], value: 2 }]).text;
    expect(parse(after)).toEqual({ config: { "clawforce:a": { v: 1 }, "clawforce:b": 2 } });
  });

  test("says each change as path, old -> new, and leaves out what changes nothing", () => {
    const { changes } = editStackText(file, [
      { path: ["agentImages", "chromium", "candidate"], value: "repo/agent:2@sha256:bbb" },
      { path: ["instanceGroups", "support", "wave"], value: 0 },
      { path: ["agentImages", "chromium", "previous"], value: undefined },
      {
        path: ["instanceGroups", "support", "instances", 0],
        value: { name: "support-canary", restore: "1234567f" },
      },
    ]);
    expect(changeLines(changes)).toEqual([
      "clawforce:agentImages.chromium.candidate: (not set) -> repo/agent:2@sha256:bbb",
      "clawforce:agentImages.chromium.previous: repo/agent:0@sha256:000 -> (not set)",
      "clawforce:instanceGroups.support.instances[0]: support-canary -> { name: support-canary, restore: 1234567f }",
    ]);
  });

  test("nothing to change leaves the text byte for byte", () => {
    expect(edited({ path: ["instanceGroups", "support", "wave"], value: 0 })).toBe(file);
  });
});
