import { describe, expect, test } from "vitest";
import { answer, questionIn } from "../../toolchain/kubernetes/names.ts";

/** As a resolver asks: one name, recursion desired. */
function asked(name: string, type: number): Buffer {
  const head = Buffer.from([0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name
    .split(".")
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, type, 0, 1])]);
}

const name = "bot-a.agents.svc.cluster.local";

describe("the names of a disposable cluster", () => {
  test("are read as they are asked", () => {
    expect(questionIn(asked("Bot-A.agents.svc.cluster.local", 1))).toMatchObject({ name, type: 1 });
  });

  test.each([
    ["the address", 1, "10.233.0.7", { code: 0, answers: 1, last: [10, 233, 0, 7] }],
    ["no record of another type, and no error", 28, "10.233.0.7", { code: 0, answers: 0, last: undefined }],
    ["an error where there is none", 1, undefined, { code: 3, answers: 0, last: undefined }],
    ["an error where a service has no address", 1, "None", { code: 3, answers: 0, last: undefined }],
  ])("get %s", (_, type, found, { code, answers, last }) => {
    const question = asked(name, type);
    const read = questionIn(question);
    if (read === undefined) throw new Error("the question is none");
    const said = answer(question, read, found);
    expect(said.readUInt16BE(0)).toBe(0x1234);
    expect(said.readUInt16BE(2)).toBe(0x8180 | code);
    expect([said.readUInt16BE(4), said.readUInt16BE(6)]).toEqual([1, answers]);
    expect(said.subarray(12, 12 + read.bytes.length)).toEqual(read.bytes);
    if (last !== undefined) expect([...said.subarray(-4)]).toEqual(last);
  });

  test.each([
    ["too short", Buffer.alloc(5)],
    ["cut in its name", asked(name, 1).subarray(0, 20)],
    ["without a question", Buffer.alloc(12)],
  ])("are none in a message that is %s", (_, message) => {
    expect(questionIn(message)).toBeUndefined();
  });
});
