import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { doctorCommand } from "../../demo/settings.ts";
import { readConfiguration } from "../../lifecycle/checks/configuration.ts";
import { isOf } from "../../lifecycle/checks/kind.ts";
import { conversation } from "../../lifecycle/checks/kinds/conversation.ts";
import { pins } from "../../lifecycle/checks/kinds/pins.ts";
import { runChecks } from "../../lifecycle/checks/run.ts";
import { dockerClient } from "../../platforms/docker/client.ts";
import { DockerPlatform } from "../../platforms/docker/platform.ts";
import { allVersions } from "../../toolchain/images/openclaw-versions.ts";
import { noAnswers, noting } from "../support/asked-gateway.ts";
import { answersFile, usualChecks } from "../support/gateway-checks.ts";
import { plainAnswers } from "../support/plain-answers.ts";
import { partsOfThisRun } from "../support/world.ts";
import { LoneGateway, token } from "./lone-gateway.ts";

/** Channels of 2026.4.22 don't come up: docs/channel-down.md. */
const versions = allVersions.filter((version) => version !== "2026.4.22");

/** Seconds for each check: nothing in here may fail because the machine is busy. */
const patience = 900;

/** Set, it has the answers written to where the unit tests read them. */
const isRecorded = process.env.CLAWFORCE_RECORD === "1";

describe("a gateway passes the checks that a group has by default", () => {
  for (const version of versions) {
    it(`as ${version}`, async () => {
      const parts = await partsOfThisRun();
      const docker = dockerClient(parts.dockerHost);
      const real = new DockerPlatform({ host: parts.dockerHost });
      const id = `${version.replaceAll(".", "-")}-${randomBytes(3).toString("hex")}`;
      const gateway = await LoneGateway.start(docker, parts, version, id);
      const answers = {
        ...{ usual: noAnswers(), written: noAnswers(), pinned: noAnswers(), migrated: noAnswers() },
      };
      const of = (noted: keyof typeof answers) =>
        usualChecks(noting(real, answers[noted]), {
          ...{ container: gateway.name, image: gateway.image, tools: parts.images.tools, token },
        });
      try {
        const { context, checks } = of("usual");
        // A turn makes the session that others look for.
        const first = checks.toSorted(
          (one, other) => Number(isOf(conversation, other)) - Number(isOf(conversation, one)),
        );
        const results = await runChecks(
          context,
          first.map((check) => ({ ...check, deadline: patience })),
        );

        await gateway.must("openclaw", "config", "set", "logging.level", "info");
        await readConfiguration(of("written").context, 60);

        await gateway.call("sessions.patch", { key: "agent:main:main", model: "standin/spare" });
        const look = of("pinned");
        const pinned = await runChecks(
          look.context,
          look.checks.filter((check) => isOf(pins, check)),
        );

        await gateway.whileStopped(doctorCommand);
        await readConfiguration(of("migrated").context, 60);

        if (isRecorded) {
          const secrets = { "<token>": token, model: `asked-${id}-model`, gateway: `asked-${id}` };
          const plain = Object.fromEntries(
            Object.entries(answers).map(([stage, of]) => [stage, plainAnswers(of, secrets)]),
          );
          await mkdir(dirname(answersFile(version)), { recursive: true });
          await writeFile(answersFile(version), `${JSON.stringify(plain, undefined, 2)}\n`);
        }
        expect(results.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
        expect(results.find(({ name }) => name === "channels")?.detail).toBe("clawforce-loopback/default");
        expect(pinned.map(({ outcome, detail }) => [outcome, detail])).toEqual([
          [
            "failed",
            expect.stringContaining("agent:main:main is pinned to standin/spare instead of standin/steady"),
          ],
        ]);
      } finally {
        await gateway.remove();
      }
    });
  }
});
