import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { markOf } from "../../review/document.ts";

interface Step {
  name: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
}

interface Job {
  if: string;
  "runs-on": string | string[];
  permissions: Record<string, string>;
  steps: Step[];
}

const text = readFileSync(
  fileURLToPath(new URL("../../.github/workflows/review.yml", import.meta.url)),
  "utf8",
);
const workflow = parse(text) as {
  on: Record<string, unknown>;
  permissions: object;
  jobs: Record<string, Job>;
};
const { review, comment } = workflow.jobs as { review: Job; comment: Job };
const steps = [...review.steps, ...comment.steps];

function scriptOf(name: string): string {
  return steps.find((step) => step.name.startsWith(name))?.run ?? "";
}

describe("the workflow", () => {
  test("runs for pull requests of this repository alone, on a runner that reaches the fleet", () => {
    expect(Object.keys(workflow.on)).toEqual(["pull_request"]);
    expect(review.if).toBe("github.event.pull_request.head.repo.full_name == github.repository");
    expect(review["runs-on"]).toEqual(["self-hosted", "clawforce-fleet"]);
  });

  test("lets no job do more than it has to: what runs the change can't write", () => {
    expect(workflow.permissions).toEqual({});
    expect(Object.keys(workflow.jobs)).toEqual(["review", "comment"]);
    expect(review.permissions).toEqual({ contents: "read" });
    expect(comment.permissions).toEqual({ "pull-requests": "write" });
  });

  test("uses no action of others, and puts no text of a pull request into a script", () => {
    expect(steps.filter(({ uses }) => uses !== undefined)).toEqual([]);
    expect(steps.filter(({ run = "" }) => run.includes("${{"))).toEqual([]);
    const values = steps.flatMap(({ env = {} }) => Object.values(env));
    expect(values.filter((value) => /\.(title|body|head\.(ref|label))\b/.test(value))).toEqual([]);
  });
});

describe("its scripts", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "clawforce-workflow-"));
    mkdirSync(join(folder, "change"));
    mkdirSync(join(folder, "bin"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs a step as a runner does, with programs of the test in front of its PATH. */
  function run(name: string, programs: Record<string, string>, env: Record<string, string>) {
    for (const [program, script] of Object.entries(programs)) {
      writeFileSync(join(folder, "bin", program), `#!/bin/bash\n${script}\n`);
      chmodSync(join(folder, "bin", program), 0o700);
    }
    for (const file of ["output", "summary", "said", "review.md"])
      rmSync(join(folder, file), { force: true });
    const { status, stderr } = spawnSync(
      "bash",
      ["--noprofile", "--norc", "-eo", "pipefail", "-c", scriptOf(name)],
      {
        cwd: folder,
        encoding: "utf8",
        env: {
          ...{ PATH: `${join(folder, "bin")}:${process.env.PATH}`, RUNNER_TEMP: folder, STACK: "prod" },
          ...{ GITHUB_OUTPUT: join(folder, "output"), GITHUB_STEP_SUMMARY: join(folder, "summary") },
          ...env,
        },
      },
    );
    return { status, stderr };
  }
  const written = (file: string) => readFileSync(join(folder, file), "utf8");

  test.each([0, 1, 2])("hand on the document, and end with the review's exit code %i", (code) => {
    const npm = `printf '%s\\n' "$@" > ../said; printf '${markOf("prod")}\\n## Review\\n' > "\${@: -1}"; exit ${code}`;
    expect(run("Review", { npm }, {})).toEqual({ status: code, stderr: "" });
    expect(written("said").trim().split("\n")).toEqual([
      ...["run", "--silent", "review", "--", "--stack", "prod", "--markdown"],
      join(folder, "review.md"),
    ]);
    expect(written("output")).toMatch(
      /^document<<(end-[0-9a-f]{32})\n<!-- clawforce-review prod -->\n## Review\n\1\n$/,
    );
    expect(written("summary")).toBe(written("review.md"));
  });

  test("say so when there is no document", () => {
    expect(run("Review", { npm: "exit 2" }, {}).status).toBe(2);
    expect(written("summary")).toBe(
      `${markOf("prod")}\n## Review of \`prod\`: could not be made\n\nThe log of its run says why.\n`,
    );
  });

  test.each([
    ["", "--method POST repos/acme/fleet/issues/7/comments"],
    ["42\n43", "--method PATCH repos/acme/fleet/issues/comments/42"],
  ])("write the earlier comment anew where there is one (%j)", (found, call) => {
    const gh = `printf '%s\\n' "$*" >> "$RUNNER_TEMP/said"; case "$*" in *--paginate*) printf '%s\\n' "$FOUND";; esac`;
    const env = {
      ...{ REPOSITORY: "acme/fleet", NUMBER: "7", FOUND: found },
      DOCUMENT: `${markOf("prod")}\n$(id) "x"`,
    };
    expect(run("Write", { gh }, env)).toEqual({ status: 0, stderr: "" });
    const [asked, done] = written("said").trim().split("\n");
    expect(asked).toContain(`startswith("${markOf("prod")}"))) | .id`);
    expect(done).toBe(`api --silent ${call} -F body=@${join(folder, "review.md")}`);
    expect(written("review.md")).toBe(`${markOf("prod")}\n$(id) "x"\n`);
  });

  test("refuse a stack's name that would be part of a query", () => {
    const env = { REPOSITORY: "acme/fleet", NUMBER: "7", STACK: 'prod" or "', DOCUMENT: "" };
    expect(run("Write", { gh: "exit 9" }, env)).toEqual({
      status: 1,
      stderr: "CLAWFORCE_STACK is no stack's name\n",
    });
  });

  test("fetch the change with a token that stands in no argument", () => {
    expect(scriptOf("Fetch")).toContain("password=$GH_TOKEN\"; }; f'");
    expect(spawnSync("bash", ["-n", "-c", scriptOf("Fetch")]).status).toBe(0);
  });
});
