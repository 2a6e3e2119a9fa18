import { describe, expect, test } from "vitest";
import { keepSecretMarks } from "../../policies/secret-marks.ts";
import {
  containerPrivileges as of,
  privilege,
  privileges,
  received,
  said,
  secret,
} from "../policy/privileges.ts";
import { unknownText } from "../policy/props.ts";

keepSecretMarks();

const { plain } = said;
const service = "docker:index/service:Service";

describe("a secret in plain", () => {
  test("is one where nobody has kept the engine's marks: better refused than passed over", () => {
    const props = received({ envs: [secret("A_TOKEN=x")] });
    expect(of(props)).toEqual([]);
    expect(of(structuredClone(props))).toEqual([plain("envs[0]", "A_TOKEN")]);
  });

  test.each([
    "GATEWAY_TOKEN",
    "OPENCLAW_GATEWAY_PASSWORD",
    "API_KEY",
    "apiKey",
    "AWS_SECRET_ACCESS_KEY",
    "PRIVATE_KEY",
    "DB_PASSWD",
    "GOOGLE_CREDENTIALS",
    "secret",
    "TOKEN_PROD",
    "VAULT_SECRET_ID",
    "KEY_PASSPHRASE",
  ])("is known by the name %s", (name) => {
    const [found, ...more] = of({ envs: [`${name}=hunter2`] });
    expect(found).toBe(plain("envs[0]", name));
    expect(found).not.toContain("hunter2");
    expect(more).toEqual([]);
  });

  test.each([
    "TOKEN_FILE",
    "SECRET_PATH",
    "TOKEN_URL",
    "AWS_ACCESS_KEY_ID",
    "MAX_TOKENS",
    "PUBLIC_KEY",
    "KEY",
    "TOKEN_TTL",
    "PASSWORD_MIN_LENGTH",
    "PWD",
    "SECRETARY",
    "SECRET_NAME",
  ])("is not in %s", (name) => expect(of({ envs: [`${name}=hunter2`] })).toEqual([]));

  test.each([
    "",
    " ",
    "true",
    "False",
    "none",
    "$TOKEN",
    "$(TOKEN)",
    `\${TOKEN}`,
    "/run/secrets/token",
    "/var/run/secrets/x",
  ])("is no secret when it is %j", (value) => expect(of({ envs: [`A_TOKEN=${value}`] })).toEqual([]));

  test("is a password in an address too, whatever the name", () => {
    for (const url of ["postgres://ann:hunter2@db/x", "https://:hunter2@example.com", "redis://a@b:c@d"])
      expect(of({ envs: [`DATABASE_URL=${url}`] }), url).toEqual([
        plain("envs[0]", "DATABASE_URL", undefined, "password in its URL"),
      ]);
    for (const url of [
      "postgres://ann@db/x",
      "postgres://db:5432/a@b",
      "https://x/?a:b@c",
      "://a:b@c",
      "a:b@c",
      "postgres://ann:$PASSWORD@db",
    ])
      expect(of({ envs: [`DATABASE_URL=${url}`] }), url).toEqual([]);
  });

  test("is none when the engine holds it as a secret, alone or with all around it", () => {
    const given = (props: object) => of(received(props));
    expect(given({ envs: ["A=1", secret("A_TOKEN=x")] })).toEqual([]);
    expect(given({ envs: secret(["A=1", "A_TOKEN=x"]) })).toEqual([]);
    expect(given({ envs: ["B_TOKEN=y", secret("A_TOKEN=x")] })).toEqual([plain("envs[0]", "B_TOKEN")]);
    expect(given({ env: secret("x"), envs: ["A_TOKEN=x"] })).toEqual([plain("envs[0]", "A_TOKEN")]);
    const task = (env: unknown) =>
      privileges({ type: service, props: received({ taskSpec: { containerSpec: { image: "x", env } } }) });
    const path = "taskSpec.containerSpec.env";
    expect(task({ A_TOKEN: secret("x"), B_TOKEN: "y" })).toEqual([plain(`${path}.B_TOKEN`, "B_TOKEN")]);
    expect(task(secret({ A_TOKEN: "x" }))).toEqual([]);
    expect(task({ A_TOKEN: unknownText, B_TOKEN: secret(unknownText) })).toEqual([
      plain(`${path}.A_TOKEN`, "A_TOKEN"),
    ]);
  });

  test("is seen in a plugin, in an operation's environment, and in a secret of a swarm that is none here", () => {
    expect(privileges({ type: "docker:index/plugin:Plugin", props: { envs: ["A_TOKEN=x"] } })).toEqual([
      plain("envs[0]", "A_TOKEN"),
    ]);
    const command = (environment: object) =>
      privileges({ type: "command:local:Command", props: received({ create: "x", environment }) });
    expect(command({ A_TOKEN: "x", DOCKER_HOST: "tcp://a:1" })).toEqual([
      plain("environment.A_TOKEN", "A_TOKEN"),
    ]);
    expect(command({ A_TOKEN: secret("x") })).toEqual([]);
    const kept = (data: unknown) =>
      privileges({ type: "docker:index/secret:Secret", props: received({ data }) });
    expect(kept("eA==")).toEqual([plain("data", "web")]);
    expect(kept(secret("eA=="))).toEqual([]);
  });

  test("is seen in the settings of a provider, which come as JSON or as a file", () => {
    const provider = (sent: object) => privileges({ type: "pulumi:providers:docker", props: received(sent) });
    const auth = JSON.stringify([{ address: "ghcr.io", username: "acme", password: "hunter2" }]);
    const [found, ...more] = provider({ registryAuth: auth, host: "tcp://a:1", version: "5.2.0" });
    expect(found).toBe(plain("registryAuth part 4", "password"));
    expect(found).not.toContain("hunter2");
    expect(more).toEqual([]);
    expect(provider({ registryAuth: secret(auth) })).toEqual([]);
    const kubeconfig = "users:\n- name: ann\n  user:\n    token: hunter2\n";
    expect(provider({ kubeconfig })).toEqual([plain("kubeconfig part 4", "token")]);
    expect(provider({ password: "x", url: "https://a:b@c" })).toEqual([
      plain("password", "password"),
      plain("url", "url", undefined, "password in its URL"),
    ]);
    expect(provider({ kubeconfig: unknownText, other: secret(unknownText), n: 5 })).toEqual([
      privilege("unknownEntry", "kubeconfig"),
    ]);
  });
});
