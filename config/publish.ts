import { isIP } from "node:net";
import { z } from "zod";
import { form, port } from "./fields.ts";

/** A port of 127.0.0.1, or `ADDRESS:PORT` for another address of the Docker host. */
export type Publish = number | string;

export const ipAddress = z
  .string()
  .refine(
    (text) => isIP(text) > 0,
    form("IP address", "Write one of the Docker host, as in 127.0.0.1 or 0.0.0.0"),
  );

const remedy = 'Write 18789 for 127.0.0.1, or an address with it, as in "0.0.0.0:18789"';

export const publish = z.union(
  [port, z.string().refine(isPublish, form("address with a port", remedy))],
  `expected a port. ${remedy}`,
);

function isPublish(text: string): boolean {
  const at = publishedAt(text);
  return isIP(at.address) > 0 && port.safeParse(at.port).success;
}

export function publishedAt(written: Publish): { address: string; port: number } {
  if (typeof written === "number") return { address: "127.0.0.1", port: written };
  const at = written.lastIndexOf(":");
  return { address: written.slice(0, at).replace(/^\[(.*)\]$/, "$1"), port: Number(written.slice(at + 1)) };
}
