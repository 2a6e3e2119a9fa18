import { describe, expect, test } from "vitest";
import { plainIn, plainLines } from "../../policies/plain-values.ts";
import { hasSign, secretFormIn } from "../../policies/secret-forms.ts";
import { keepSecretMarks } from "../../policies/secret-marks.ts";
import { namesSecret, namesSecretInManifest } from "../../policies/secret-names.ts";
import data from "../policy/data/plain-secrets.json" with { type: "json" };
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
    expect(given({ envs: ["B_TOKEN=z", secret("A_TOKEN=x")] })).toEqual([plain("envs[0]", "B_TOKEN")]);
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
      privileges({ type: "docker:index/secret:Secret", props: received({ name: "web", data }) });
    expect(kept(null)).toEqual([]);
    expect(kept("eA==")).toEqual([plain("data", "web")]);
    expect(kept(secret("eA=="))).toEqual([]);
  });

  test("is seen in the settings of a provider, which come as JSON or as a file", () => {
    const provider = (sent: object) => privileges({ type: "pulumi:providers:docker", props: received(sent) });
    const auth = JSON.stringify([{ address: "ghcr.io", username: "acme", password: "hunter2" }]);
    const [found, ...more] = provider({ registryAuth: auth, host: "tcp://a:1", version: "5.2.0" });
    expect(found).toBe(plain("registryAuth line 1", "password"));
    expect(found).not.toContain("hunter2");
    expect(more).toEqual([]);
    expect(provider({ registryAuth: secret(auth) })).toEqual([]);
    const kubeconfig = "users:\n- name: ann\n  user:\n    token: hunter2\n";
    expect(provider({ kubeconfig })).toEqual([plain("kubeconfig line 4", "token")]);
    expect(provider({ password: "x", url: "https://a:b@c" })).toEqual([
      plain("password", "password"),
      plain("url", "url", undefined, "password in its URL"),
    ]);
    expect(provider({ kubeconfig: unknownText, other: secret(unknownText), n: 5 })).toEqual([
      privilege("unknownEntry", "kubeconfig"),
    ]);
  });
});

describe("a secret in plain, by our table,", () => {
  test.each(data.names)("$name=$value: $secret, $why", ({ name, value, secret: is }) => {
    expect(of({ envs: [`${name}=${value}`] })).toEqual(is ? [plain("envs[0]", name)] : []);
  });

  test.each(data.forms)("is known by its form: $is, $parts.0", ({ parts, is }) => {
    const value = parts.join("");
    const [found, ...more] = of({ envs: [`NOTE=${value}`] });
    expect(found).toBe(plain("envs[0]", "NOTE", undefined, is));
    expect(found).not.toContain(value);
    expect(more).toEqual([]);
  });

  test("is looked for by its form only where a sign of one is", () => {
    for (const { parts } of data.forms) expect(hasSign(parts.join("")), parts.join("")).toBe(true);
    for (const text of [
      "",
      "plain words",
      "KEY",
      "sk",
      "12:34",
      "basics",
      "bearers",
      "hub.example.org/x",
      "hooks-slack",
      "SGX",
    ])
      expect(hasSign(text), text).toBe(false);
  });

  test.each(data.none)("is not in the form %j", (value) => {
    expect(plainIn({ name: "NOTE", value })).toBeUndefined();
  });

  test.each(data.texts)("is told by the keys $keys in the text $text: $why", ({ text, keys }) => {
    expect(plainLines(text).map(({ line, key }) => `${line} ${key}`)).toEqual(keys);
  });

  test("is looked for in the beginning of a text only", () => {
    const [{ parts = [], is = "" } = {}] = data.forms;
    const form = parts.join("");
    expect(secretFormIn(`${" ".repeat(19_000)}${form}`)).toBe(is);
    expect(secretFormIn(`${" ".repeat(20_001)}${form}`)).toBeUndefined();
    for (const hostile of [
      "eyJ-",
      "sk-a-",
      "SG.",
      "bearer ",
      "basic a",
      "-----BEGIN A ",
      "1",
      "eyJaaaaaaaaaa-",
    ])
      expect(secretFormIn(hostile.repeat(20_000 / hostile.length))).toBeUndefined();
  });
});

describe("a secret in the options of a driver", () => {
  const o = "addr=10.0.0.1,username=ann,password=hunter2,rw";
  const service = (spec: object) => ({ taskSpec: { containerSpec: { image: "x" }, ...spec } });

  test.each<[type: string, props: object, path: string, name: string]>([
    [
      "container:Container",
      { logOpts: { "splunk-token": "hunter2" } },
      "logOpts.splunk-token",
      "splunk-token",
    ],
    ["container:Container", { storageOpts: { password: "hunter2" } }, "storageOpts.password", "password"],
    [
      "container:Container",
      { mounts: [{ target: "/x", type: "volume", volumeOptions: { driverOptions: { o } } }] },
      "mounts[0].volumeOptions.driverOptions.o",
      "password",
    ],
    [
      "service:Service",
      service({ logDriver: { name: "splunk", options: { "splunk-token": "hunter2" } } }),
      "taskSpec.logDriver.options.splunk-token",
      "splunk-token",
    ],
    [
      "service:Service",
      service({
        containerSpec: {
          image: "x",
          mounts: [{ target: "/x", type: "volume", volumeOptions: { driverOptions: { o } } }],
        },
      }),
      "taskSpec.containerSpec.mounts[0].volumeOptions.driverOptions.o",
      "password",
    ],
    ["volume:Volume", { driverOpts: { type: "cifs", o } }, "driverOpts.o", "password"],
    ["volume:Volume", { driverOpts: { secret_key: "hunter2" } }, "driverOpts.secret_key", "secret_key"],
    [
      "network:Network",
      { options: { "overlay.token": "hunter2" } },
      "options.overlay.token",
      "overlay.token",
    ],
    ["buildxBuilder:BuildxBuilder", { driverOptions: { token: "hunter2" } }, "driverOptions.token", "token"],
  ])("of %s is seen: %j", (type, props, path, name) => {
    const found = (given: object) => privileges({ type: `docker:index/${type}`, props: given });
    expect(found(props)).toContain(plain(path, name));
    const text = JSON.stringify(props);
    expect(found(JSON.parse(text.replace("hunter2", "$SECRET")))).not.toContain(plain(path, name));
  });

  test("is none where the engine holds it as a secret, and unknown ones are said", () => {
    const volume = (driverOpts: unknown) =>
      privileges({ type: "docker:index/volume:Volume", props: received({ driverOpts }) });
    expect(volume({ o: secret(o) })).toEqual([]);
    expect(volume(secret({ type: "cifs", o }))).toEqual([]);
    expect(of({ logOpts: unknownText })).toEqual([privilege("unknownEntry", "logOpts")]);
    expect(of({ logOpts: { tag: unknownText, "max-size": "10m", labels: "a,b" } })).toEqual([
      privilege("unknownEntry", "logOpts.tag"),
    ]);
    expect(of({ logOpts: 7 })).toEqual([]);
  });

  test("is seen in the files that a swarm hands out, line by line", () => {
    const config = (props: object) =>
      privileges({ type: "docker:index/serviceConfig:ServiceConfig", props: received(props) });
    const text = "host: db\npassword: hunter2\n";
    const write = "it into a Secret of the swarm, with a value that is a secret of the stack's configuration";
    const data = Buffer.from(text).toString("base64");
    expect(config({ data })).toEqual([plain("data line 2", "password", write)]);
    expect(config({ dataRaw: text })).toEqual([plain("dataRaw line 2", "password", write)]);
    expect(config({ dataRaw: text.replace("hunter2", "$DB_PASSWORD") })).toEqual([]);
    expect(config({ dataRaw: secret(text) })).toEqual([]);
    expect(config({ dataRaw: unknownText })).toEqual([privilege("unknownEntry", "dataRaw")]);
    expect(config({ data: 7, dataRaw: "" })).toEqual([]);
  });

  test("is one of a swarm's secret by whichever of its two properties it is given", () => {
    const kept = (props: object) =>
      privileges({ type: "docker:index/secret:Secret", props: received(props) });
    expect(kept({ dataRaw: secret("x") })).toEqual([]);
    expect(kept({ dataRaw: "x" })).toEqual([plain("dataRaw", "web")]);
    expect(kept({ data: "", dataRaw: secret("x") })).toEqual([]);
  });

  test("is seen by its form in what nobody has mapped, and in a line of a ConfigMap", () => {
    const key = `ghp_${"a1".repeat(18)}`;
    const inSecret =
      "a reference to a Secret of the cluster, or a value that is a secret of the stack's configuration";
    const custom = (spec: object) =>
      privileges({ type: "kubernetes:acme.io/v1:Agent", props: received({ spec }) });
    expect(custom({ note: key })).toEqual([plain("spec.note", "note", inSecret, "GitHub token")]);
    expect(custom({ note: secret(key) })).toEqual([]);
    expect(custom({ env: [{ name: "NOTE", value: key }] })).toEqual([
      plain("spec.env[0].value", "NOTE", inSecret, "GitHub token"),
    ]);
    expect(custom({ tokenBudget: "4096", OPENAI_KEY: "x" })).toEqual([
      plain("spec.OPENAI_KEY", "OPENAI_KEY", inSecret),
    ]);
    const map = (text: string) =>
      privileges({ type: "kubernetes:core/v1:ConfigMap", props: { data: { "app.env": text } } });
    const asSecret = "it into a Secret";
    expect(map(`# note\n${key}\n`)).toEqual([plain("data.app.env line 2", "GitHub token", asSecret)]);
    expect(map("OPENAI_KEY=x\nsort_key=y\nTOKEN_BUDGET=4096\n")).toEqual([
      plain("data.app.env line 1", "OPENAI_KEY", asSecret),
    ]);
  });
});

describe("the name of a setting", () => {
  test("says where a secret is, or how it is used, by its last word", () => {
    const words =
      "algorithm arn audience count dir directory enabled endpoint expiry file folder header id issuer length limit name path ref timeout ttl type uri url";
    for (const word of words.split(" ")) expect(namesSecret(`ACCESS_TOKEN_${word}`), word).toBe(false);
    expect(namesSecret("token_secret_id")).toBe(true);
    expect(namesSecret("secret_token_id")).toBe(false);
    expect(namesSecret("")).toBe(false);
  });

  test("says that it is a secret by any word, and by a key of a certain kind", () => {
    const words = "apikey credential credentials passphrase passwd password privatekey secret token";
    for (const word of words.split(" ")) {
      expect(namesSecret(`${word}_of_agent`), word).toBe(true);
      expect(namesSecretInManifest(word), word).toBe(!["credential", "credentials", "secret"].includes(word));
    }
    const keys = "access api auth encryption master private signing".split(" ");
    for (const kind of keys) {
      expect([namesSecret(`x_${kind}_key_2`), namesSecretInManifest(`x${kind}-key`)], kind).toEqual([
        true,
        false,
      ]);
      expect(namesSecretInManifest(`x_${kind}_key_`), kind).toBe(true);
    }
    expect([namesSecret("secret_key"), namesSecretInManifest("secret_key")]).toEqual([true, false]);
    expect([namesSecret("key"), namesSecret("public_key"), namesSecretInManifest("x_key")]).toEqual([
      false,
      false,
      false,
    ]);
    expect([namesSecretInManifest("existingSecret"), namesSecretInManifest("tokenFile")]).toEqual([
      false,
      false,
    ]);
  });
});
