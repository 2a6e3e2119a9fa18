import { expect, test } from "vitest";
import { framesOf } from "../../platforms/docker/frames.ts";
import { collectOutput } from "../../platforms/docker/output.ts";

function frame(channel: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = channel;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function read(chunks: Buffer[]): Promise<Record<number, string>> {
  const texts: Record<number, string> = {};
  async function* source() {
    yield* chunks;
  }
  for await (const { channel, data } of framesOf(source())) {
    texts[channel] = (texts[channel] ?? "") + data.toString();
  }
  return texts;
}

const whole = Buffer.concat([frame(1, "first "), frame(2, "a warning"), frame(1, ""), frame(1, "second")]);

test.each([1, 3, 8, 13, whole.length])(
  "a stream in pieces of %i bytes has both outputs whole",
  async (size) => {
    const pieces = [];
    for (let at = 0; at < whole.length; at += size) {
      pieces.push(whole.subarray(at, at + size));
    }
    expect(await read(pieces)).toEqual({ 1: "first second", 2: "a warning" });
  },
);

test.each([4, 10, whole.length - 1])(
  "a stream that is cut off after %i bytes is an error",
  async (length) => {
    await expect(read([whole.subarray(0, length)])).rejects.toThrow("was cut off");
  },
);

test("both outputs are collected whole, and a letter that is cut in two is one again", async () => {
  const letter = Buffer.from("ö");
  const pieces = [
    whole,
    Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 1]), letter.subarray(0, 1)]),
    Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 1]), letter.subarray(1)]),
  ];
  expect(await collectOutput(pieces)).toEqual({ stdout: "first secondö", stderr: "a warning" });
});

test("of a stream that breaks, what came before is collected", async () => {
  async function* broken() {
    yield frame(2, "why it ended");
    throw new Error("EPIPE");
  }
  expect(await collectOutput(broken())).toEqual({ stdout: "", stderr: "why it ended" });
});
