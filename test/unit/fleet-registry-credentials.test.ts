import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { credentialsOf } from "../../fleet/registry-credentials.ts";
import { scratchFolder } from "../support/scratch.ts";

function folderWith(config: unknown): string {
  const folder = scratchFolder();
  writeFileSync(join(folder, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  return folder;
}

const auth = Buffer.from("deploy:a:b").toString("base64");
const credentials = { user: "deploy", password: "a:b" };

test.each<[string, string | undefined, unknown, ReturnType<typeof credentialsOf>]>([
  ["of the registry", "r.example.com:5000", { auths: { "r.example.com:5000": { auth } } }, credentials],
  [
    "of the registry with its scheme",
    "r.example.com",
    { auths: { "https://r.example.com": { auth } } },
    credentials,
  ],
  ["of Docker Hub", undefined, { auths: { "https://index.docker.io/v1/": { auth } } }, credentials],
  ["of another registry", "r.example.com", { auths: { "q.example.com": { auth } } }, undefined],
  ["in a helper", "r.example.com", { auths: { "r.example.com": {} }, credsStore: "pass" }, "helper"],
  ["in a helper of its own", "r.example.com", { credHelpers: { "r.example.com": "ecr" } }, "helper"],
  ["in a helper for another one", "r.example.com", { credHelpers: { "q.example.com": "ecr" } }, undefined],
  ["that are damaged", "r.example.com", { auths: { "r.example.com": { auth: "!!" } } }, undefined],
  ["in a file that is no JSON", "r.example.com", "{", undefined],
])("the credentials %s", (_, registry, config, expected) => {
  expect(credentialsOf(registry, folderWith(config))).toEqual(expected);
});

test("no file is no credentials", () => {
  expect(credentialsOf("r.example.com", join(tmpdir(), "clawforce-no-such-folder"))).toBeUndefined();
});
