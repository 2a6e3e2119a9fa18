import { createSocket, type Socket } from "node:dgram";
import type { ApiClient } from "./api-client.ts";

/** Of the names of services: `NAME.NAMESPACE.svc.cluster.local`. */
export const clusterDomain = "cluster.local";
/** Where pods ask for names, at the machine's end of the link. */
const port = 53;

/** Bytes of the head of a message. */
const headLength = 12;
/** Type of the record of an address. One that is asked for another type of a name that is there gets none, and no error. */
const address = 1;
/** Codes of answers, in the lower bits of the flags. */
const [noError, noSuchName] = [0, 3];
/** An answer, recursion available. */
const answerFlags = 0x8080;
const recursionDesired = 0x0100;

interface Question {
  name: string;
  type: number;
  /** The question itself, as it stands in the message. */
  bytes: Buffer;
}

/** Answers the names of services for the pods of a cluster, and no others: a stand-in of the DNS that a real one has. */
export function serveNames(api: ApiClient, host: string): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("message", async (message, from) => {
    const question = questionIn(message);
    if (question === undefined) return;
    const found = await addressOf(api, question.name).catch(() => undefined);
    // A test may have ended the cluster meanwhile.
    socket.send(answer(message, question, found), from.port, from.address, () => {});
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, host, () => resolve(socket));
  });
}

/** Undefined: there is no such service. */
async function addressOf(api: ApiClient, name: string): Promise<string | undefined> {
  const suffix = `.svc.${clusterDomain}`;
  const [service, namespace, ...more] = name.endsWith(suffix) ? name.slice(0, -suffix.length).split(".") : [];
  if (service === undefined || namespace === undefined || more.length > 0) return undefined;
  const { status, body } = await api.get(`/api/v1/namespaces/${namespace}/services/${service}`);
  return status === 200 ? (body as { spec: { clusterIP?: string } }).spec.clusterIP : undefined;
}

/** Its first and only one; undefined: it is no message of the kind that resolvers send. */
export function questionIn(message: Buffer): Question | undefined {
  if (message.length < headLength || message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = headLength;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    if (length > 63 || at + 1 + length >= message.length) return undefined;
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const end = at + 5;
  if (end > message.length) return undefined;
  const type = message.readUInt16BE(at + 1);
  return { name: labels.join(".").toLowerCase(), type, bytes: message.subarray(headLength, end) };
}

/** @param found - an address of IPv4; undefined: there is no such name. */
export function answer(asked: Buffer, { type, bytes }: Question, found: string | undefined): Buffer {
  const isKnown = found !== undefined && found !== "None";
  const record = isKnown && type === address ? addressRecord(found) : Buffer.alloc(0);
  const head = Buffer.alloc(headLength);
  asked.copy(head, 0, 0, 2);
  const code = isKnown ? noError : noSuchName;
  head.writeUInt16BE(answerFlags | (asked.readUInt16BE(2) & recursionDesired) | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(record.length === 0 ? 0 : 1, 6);
  return Buffer.concat([head, bytes, record]);
}

function addressRecord(found: string): Buffer {
  const record = Buffer.alloc(16);
  // The name of the question, by its place in the message.
  record.writeUInt16BE(0xc000 | headLength, 0);
  record.writeUInt16BE(address, 2);
  record.writeUInt16BE(1, 4);
  // Seconds: a service that is made anew has another address.
  record.writeUInt32BE(1, 6);
  record.writeUInt16BE(4, 10);
  for (const [index, part] of found.split(".").entries()) record[12 + index] = Number(part);
  return record;
}
