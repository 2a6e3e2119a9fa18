import { readFile } from "node:fs/promises";
import { fieldAt, parsedJson } from "../../config/json.ts";
import { runProcess } from "../child-process.ts";
import { OperationFailure } from "../failure.ts";
import type { ExecPlugin, UserAccess } from "./kubeconfig.ts";

/** What goes with a question: a token, a certificate, or both. */
export interface Credentials {
  token?: string;
  certificate?: { cert: Buffer; key: Buffer };
}

interface Printed {
  credentials: Credentials;
  /** Milliseconds of the clock; undefined: as long as this process runs. */
  expires: number | undefined;
}

/** Seconds: a program may ask a server, or a keyring that is locked. */
const patience = 60;
/** What ends within so many seconds is not worth using. */
const margin = 30;

/** The credentials of a user, as they are now: those that a program prints are kept until they expire. */
export class CredentialSource {
  readonly #user: UserAccess;
  #printed: Promise<Printed> | undefined;

  constructor(user: UserAccess) {
    this.#user = user;
  }

  async now(): Promise<Credentials> {
    const { certificate, token, tokenFile, exec } = this.#user;
    const own = certificate === undefined ? {} : { certificate };
    if (token !== undefined) return { ...own, token };
    if (tokenFile !== undefined) return { ...own, token: await tokenIn(tokenFile) };
    if (exec === undefined) return own;
    return { ...own, ...(await this.#byProgram(exec)) };
  }

  /** The cluster has refused them: the program is asked again. */
  forget(): void {
    this.#printed = undefined;
  }

  async #byProgram(exec: ExecPlugin): Promise<Credentials> {
    const known = await this.#printed;
    if (known === undefined || (known.expires !== undefined && known.expires < Date.now() + margin * 1000)) {
      this.#printed = printedBy(exec);
      this.#printed.catch(() => this.forget());
    }
    return ((await this.#printed) as Printed).credentials;
  }
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperationFailure(
      `${file} can't be read (${code}). The kubeconfig names it as \`tokenFile\`: correct that.`,
    );
  }
}

async function printedBy({ argv, environment, apiVersion, folder }: ExecPlugin): Promise<Printed> {
  const [program = ""] = argv;
  const wrong = (what: string) =>
    new OperationFailure(
      `\`${program}\`, which the kubeconfig names for its user, ${what}. Run \`kubectl get --raw /version\` with that context: it shows why.`,
    );
  const info = {
    ...{ apiVersion, kind: "ExecCredential" },
    spec: { interactive: false },
  };
  let ended: Awaited<ReturnType<typeof runProcess>>;
  try {
    ended = await runProcess(argv, {
      cwd: folder,
      env: { ...process.env, ...environment, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      deadline: patience,
      longest: 1_000_000,
    });
  } catch (error) {
    throw wrong(`can't be started (${(error as NodeJS.ErrnoException).code})`);
  }
  if (ended.late) throw wrong(`did not end within ${patience} s`);
  // What it prints on standard output is a secret, its errors are not.
  if (ended.code !== 0) throw wrong(`ended with ${ended.code ?? ended.signal}`);
  return credentialsIn(ended.stdout) ?? Promise.reject(wrong("prints no credentials"));
}

/** What such a program has printed; undefined: no credentials. */
export function credentialsIn(text: string): Printed | undefined {
  const status = fieldAt(parsedJson(text), "status");
  const [token, cert, key, until] = [
    "token",
    "clientCertificateData",
    "clientKeyData",
    "expirationTimestamp",
  ].map((name) => fieldAt(status, [name]));
  const certificate =
    typeof cert === "string" && typeof key === "string"
      ? { certificate: { cert: Buffer.from(cert), key: Buffer.from(key) } }
      : {};
  const credentials = { ...certificate, ...(typeof token === "string" && { token }) };
  if (Object.keys(credentials).length === 0) return undefined;
  const expires = typeof until === "string" ? Date.parse(until) : Number.NaN;
  return { credentials, expires: Number.isNaN(expires) ? undefined : expires };
}
