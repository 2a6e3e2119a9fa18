import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";

const root = fileURLToPath(new URL("../..", import.meta.url));
const workflow = parse(readFileSync(`${root}/.github/workflows/test.yml`, "utf8")) as {
  permissions: object;
  jobs: {
    test: {
      permissions: object;
      "timeout-minutes": number;
      steps: { name: string; uses?: string; run: string; env?: object }[];
    };
  };
};
const { test: job } = workflow.jobs;

test("the workflow runs what every machine runs, within the time that it plans with", () => {
  expect(job.steps.map(({ name }) => name)).toEqual(["Fetch the revision", "Test"]);
  expect(job.steps.at(-1)?.run).toContain('"$RUNNER_TEMP/revision/.ci/run"');
  expect(statSync(`${root}/.ci/run`).mode & 0o111).toBe(0o111);
  expect(job["timeout-minutes"]).toBe(90);
});

test("the workflow may read and nothing else, and gives the tests no token", () => {
  expect(workflow.permissions).toEqual({});
  expect(job.permissions).toEqual({ contents: "read" });
  expect(job.steps.at(-1)?.env).toBeUndefined();
  expect(job.steps.filter(({ uses, run }) => uses !== undefined || run.includes("${{"))).toEqual([]);
});
