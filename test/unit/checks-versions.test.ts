import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Check } from "../../config/check-kind.ts";
import { readBaseline } from "../../lifecycle/checks/baseline.ts";
import {
  agentsOf,
  judgeConfiguration,
  keysOf,
  printOf,
  readConfiguration,
} from "../../lifecycle/checks/configuration.ts";
import { isOf, type Looking } from "../../lifecycle/checks/kind.ts";
import { pins } from "../../lifecycle/checks/kinds/pins.ts";
import { checkName, kindOf } from "../../lifecycle/checks/kinds.ts";
import { openWorkloadHttp } from "../../lifecycle/update/workload-http.ts";
import { AnsweringPlatform, type Answers } from "../support/asked-gateway.ts";
import { answersFile, answersOf, usualChecks } from "../support/gateway-checks.ts";
import { digest } from "./config-fixture.ts";

/** Those that `npm run versions` has asked, see test/versions/answers.test.ts. */
const versions = readdirSync(new URL("./answers/", import.meta.url))
  .map((file) => file.replace(/\.json$/, ""))
  .toSorted();

const container = "gateway";

/** A gateway of this version, as its answers are on record. */
function gatewayOf(version: string, answers: Answers) {
  const platform = new AnsweringPlatform(answers);
  const image = `openclaw:${version}@${digest("1")}`;
  platform.run(container, image);
  return usualChecks(platform, { container, image });
}

/** One attempt of each. */
async function attempts(
  { context, checks }: ReturnType<typeof gatewayOf>,
  before?: Looking["before"],
): Promise<[name: string, passed: boolean, detail: string][]> {
  const looking: Looking = {
    ...{ context, records: [], before, image: context.workload.image },
    http: () => openWorkloadHttp(context),
  };
  const seen: [string, boolean, string][] = [];
  for (const check of checks) {
    const { passed, detail } = await kindOf(check).attempt(looking, check as Check, 60);
    seen.push([checkName(check), passed, detail]);
  }
  return seen;
}

describe("the checks that a group has by default, on what real gateways have answered", () => {
  it("are tried on these versions", () => {
    expect(versions).toEqual(["2026.4.15", "2026.7.1-2", "2026.9.1", "2026.9.4", "2026.9.6"]);
  });

  describe.each(versions)("%s", (version) => {
    const { usual, written, migrated, pinned } = answersOf(version);

    it("passes all of them, and its baseline has its channel and its sessions", async () => {
      const gateway = gatewayOf(version, usual);
      const before = await readBaseline(gateway.context);
      expect(before.channels).toEqual([{ name: "clawforce-loopback/default", up: true }]);
      expect(before.sessions).toBeGreaterThan(0);
      expect(before.turn?.passed).toBe(true);
      const seen = await attempts(gateway, before);
      expect(seen.filter(([, passed]) => !passed)).toEqual([]);
      expect(seen.find(([name]) => name === "version")?.[2]).toContain(version);
    });

    it.each<[string, (answers: Answers) => void]>([
      ["http /readyz", ({ http }) => failing(http["/readyz"])],
      ["http /healthz", ({ http }) => failing(http["/healthz"])],
      ["health", ({ commands }) => replaced(commands, "openclaw health", '"ok": true', '"ok": false')],
      ["version", ({ commands }) => replaced(commands, "openclaw --version", version, "2026.1.1")],
      [
        "channels",
        ({ commands }) => replaced(commands, "openclaw channels", '"connected": true', '"connected": false'),
      ],
      [
        "unchanged",
        ({ commands }) => replaced(commands, "openclaw sessions", /"(totalCount|count)": \d+/g, '"$1": 0'),
      ],
      ["conversation", ({ commands }) => replaced(commands, "openclaw agent", '"pong"', '""')],
      ["logs", ({ log }) => void log.push("[channels] channel exited")],
    ])("fails %s on what is not so", async (name, change) => {
      const before = await readBaseline(gatewayOf(version, usual).context);
      const changed = structuredClone(usual);
      change(changed);
      expect(changed).not.toEqual(usual);
      // A turn that failed before is passed over.
      const seen = await attempts(gatewayOf(version, changed), before);
      expect(seen.filter(([, passed]) => !passed).map(([failed]) => failed)).toContain(name);
    });

    it("is told of a session with a model of its own, and how to undo that", async () => {
      const { context, checks } = gatewayOf(version, {
        ...usual,
        commands: { ...usual.commands, ...pinned.commands },
      });
      const [[, passed, detail] = []] = await attempts({
        context,
        checks: checks.filter((check) => isOf(pins, check)),
      });
      expect(passed).toBe(false);
      expect(detail).toContain("agent:main:main is pinned to standin/spare instead of standin/steady");
      const inDatabase = /^2026\.(9|[1-9]\d)\./.test(version);
      expect(detail).toContain(inDatabase ? "send `/model default`" : "take the entry out of");
    });

    it("has all of its configuration once it has written that itself, and once its doctor has", async () => {
      const { content: first } = await readConfiguration(gatewayOf(version, usual).context, 60);
      const before = printOf(first, "a secret");
      for (const later of [written, ...(migrated === undefined ? [] : [migrated])]) {
        const now = await readConfiguration(gatewayOf(version, later).context, 60);
        expect([...keysOf(now.content ?? {}).keys()]).toContain("logging.level");
        expect(judgeConfiguration(before, now, "a secret")).toMatchObject({ passed: true });
        expect(agentsOf(now.content).map(({ id }) => id)).toEqual(["main"]);
      }
    });
  });

  it.each(versions.slice(1).map((to, index) => [versions[index] as string, to]))(
    "pass on %s -> %s, as far as the answers tell",
    async (from, to) => {
      // Each has begun with a state of its own, and has written what it wants into its configuration.
      const { configuration: _, ...before } = await readBaseline(
        gatewayOf(from, answersOf(from).usual).context,
      );
      const seen = await attempts(gatewayOf(to, answersOf(to).usual), before);
      expect(seen.filter(([, passed]) => !passed)).toEqual([]);
    },
  );

  it("have no token and no name of a machine in them", () => {
    for (const version of versions) {
      const text = JSON.stringify(answersOf(version));
      expect(text, answersFile(version)).not.toMatch(/token-of-a-lone-gateway|asked-2026/);
    }
  });
});

function failing(answer: { status: number; body: string } | undefined): void {
  if (answer === undefined) throw new Error("it was not asked");
  answer.body = answer.body.replaceAll("true", "false");
}

function replaced(commands: Answers["commands"], asked: string, from: string | RegExp, to: string): void {
  const [, result] = Object.entries(commands).find(([command]) => command.startsWith(asked)) ?? [];
  if (result === undefined) throw new Error(`${asked} was not run`);
  result.stdout = result.stdout.replaceAll(from, to);
}
