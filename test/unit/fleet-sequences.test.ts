import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { fleet } from "../../fleet/command-line.ts";
import { scratchFolder } from "../support/scratch.ts";
import { type Changes, digest, rawConfig } from "./config-fixture.ts";

/** Runs a command on a stack whose Docker host is not there. */
async function run(changes: Changes, ...argv: string[]) {
  const file = join(scratchFolder(), "Pulumi.s.yaml");
  const raw = rawConfig({ platform: { kind: "docker", host: "unix:///no/such.sock" }, ...changes });
  const text = stringify({
    config: Object.fromEntries(Object.entries(raw).map(([key, value]) => [`clawforce:${key}`, value])),
  });
  writeFileSync(file, text);
  let [out, err] = ["", ""];
  const code = await fleet(
    [...argv, "--stack", "s", "--config-file", file],
    { write: (words) => (out += words) },
    { write: (words) => (err += words) },
  );
  expect(readFileSync(file, "utf8")).toBe(text);
  return { code, out, err };
}

const managed: Changes = {
  "instanceGroups.support.managed": true,
  controlPlane: { image: `clawforceone/clawforce:1.4.2@${digest("e")}` },
};

const away = "The Docker host unix:///no/such.sock does not answer (ENOENT)";

describe("a sequence is refused in one sentence, and the stack file stays as it was", () => {
  test.each<[string, Changes, string[], string]>([
    [
      "when nothing may change now",
      { window: "none" },
      ["update"],
      "clawforce:window is none: nothing may change now. Write `runtime` or `control-plane` when its window has come.\n",
    ],
    ["for a wave that is no number", {}, ["update", "--to-wave", "two"], '--to-wave "two" is no wave.'],
    [
      "for a wave too far ahead",
      {},
      ["update", "--to-wave", "2"],
      "each wave deserves a look before the next",
    ],
    [
      "for a wave that is no number, going back",
      {},
      ["rollback", "--to-wave", "-"],
      '--to-wave "-" is no wave.',
    ],
    [
      "when no image has a candidate",
      { "agentImages.chromium.candidate": undefined },
      ["promote"],
      "No agent image has a candidate",
    ],
    ...["update", "promote", "rollback", "restore", "drill"].map(
      (command): [string, Changes, string[], string] => [
        `when the Docker host is away: ${command}`,
        // Nothing to ask Pulumi for: it has no secret of theirs.
        command === "update" ? managed : {},
        [command],
        away,
      ],
    ),
  ])("%s", async (_, changes, argv, sentence) => {
    const { code, err, out } = await run(changes, ...argv);
    expect(err).toContain(sentence);
    expect({ code, out }).toEqual({ code: 1, out: "" });
  });
});

test.each(["pin", "update", "promote", "rollback", "restore", "drill"])(
  "%s says what it does and what its exit codes mean",
  async (command) => {
    const { code, out } = await run({}, command, "--help");
    expect(out).toMatch(new RegExp(`^usage: fleet ${command} --stack S `));
    expect(out).toMatch(/^Exit code 0: /m);
    expect(code).toBe(0);
  },
);
