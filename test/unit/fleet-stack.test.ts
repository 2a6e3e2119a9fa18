import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { projectFolder } from "../../fleet/project.ts";
import { configOf } from "../../fleet/stack.ts";
import { scratchFolder } from "../support/scratch.ts";
import { rawConfig } from "./config-fixture.ts";

test.each([
  ["evidence", join(projectFolder, "evidence")],
  ["/var/lib/clawforce/evidence", "/var/lib/clawforce/evidence"],
])("the evidence directory %s is %s, wherever the command is typed", (directory, found) => {
  const keys = Object.entries(rawConfig({ "evidence.directory": directory }));
  const file = join(scratchFolder(), "Pulumi.s.yaml");
  writeFileSync(
    file,
    stringify({ config: Object.fromEntries(keys.map(([key, value]) => [`clawforce:${key}`, value])) }),
  );
  expect(configOf({ stack: "s", configFile: file }).evidence.directory).toBe(found);
});
