import { generateKeyPairSync } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The key pair for the instances: made once, lost with the data folder. */
export function ensureKeys(data: string): void {
  const file = join(data, "ssh_key");
  if (existsSync(file)) return;
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const point = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const blob = Buffer.concat([field(Buffer.from("ssh-ed25519")), field(point)]).toString("base64");
  writeFileSync(file, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  writeFileSync(`${file}.pub`, `ssh-ed25519 ${blob} clawforce-stand-in\n`, { mode: 0o644 });
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
