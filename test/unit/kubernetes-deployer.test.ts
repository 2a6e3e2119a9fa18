import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { projectFolder } from "../../fleet/project.ts";
import { neededRights } from "../../platforms/kubernetes/rights.ts";

interface Role {
  kind: string;
  rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
}

const file = join(projectFolder, "docs", "kubernetes-deployer.yaml");
const objects = parseAllDocuments(readFileSync(file, "utf8")).map((each) => each.toJS() as Role);
const role = objects.find(({ kind }) => kind === "Role") as Role;

describe("the deployer's role that is shipped", () => {
  test.each(neededRights.flatMap(({ verbs, ...right }) => verbs.map((verb) => ({ ...right, verb }))))(
    "has $verb of $group $resource $subresource",
    ({ group, resource, subresource, verb }) => {
      const name = subresource === undefined ? resource : `${resource}/${subresource}`;
      expect(
        role.rules.some(
          ({ apiGroups, resources, verbs }) =>
            apiGroups.includes(group) && resources.includes(name) && verbs.includes(verb),
        ),
      ).toBe(true);
    },
  );

  test("says no right with a star, and none beyond its namespace", () => {
    expect(objects.map(({ kind }) => kind).toSorted()).toEqual(["Role", "RoleBinding", "ServiceAccount"]);
    expect(JSON.stringify(role)).not.toContain("*");
  });
});
