import { describe, expect, test } from "vitest";
import { answerOf, curlConfiguration } from "../../platforms/docker/http.ts";
import type { HttpRequest } from "../../platforms/http.ts";
import { hostileTokens } from "../support/hostile-tokens.ts";

function get(headers: Record<string, string>, more: Partial<HttpRequest> = {}): string[] {
  const request = { method: "GET", path: "/", headers, deadline: 5, ...more } as const;
  return curlConfiguration("http://127.0.0.1:8000", request).split("\n");
}

/** What curl reads in a double-quoted value of its configuration, by its manual: these escapes, and nothing after the quote. */
function asCurlReads(line: string): string {
  const [, text = "", after] = /^header = "((?:[^"\\]|\\.)*)"(.*)$/.exec(line) ?? [];
  expect(after).toBe("");
  const escapes: Record<string, string> = { t: "\t", n: "\n", r: "\r", v: "\v" };
  return text.replace(/\\(.)/g, (_, each: string) => escapes[each] ?? each);
}

describe("a request for curl's configuration", () => {
  test("keeps its body, its cookie and every quote of them", () => {
    const body = '{"password":"a \\"quoted\\" \\\\ one"}';
    const headers = { cookie: "session=a", "content-type": "application/json" };
    expect(get(headers, { method: "POST", path: "/api/v1/auth/login", body })).toEqual([
      'url = "http://127.0.0.1:8000/api/v1/auth/login"',
      'request = "POST"',
      'header = "cookie: session=a"',
      'header = "content-type: application/json"',
      'header = "expect:"',
      'data-raw = "{\\"password\\":\\"a \\\\\\"quoted\\\\\\" \\\\\\\\ one\\"}"',
      "",
    ]);
  });

  test("goes to another port of the same address", () => {
    expect(get({}, { port: 18789 })[0]).toBe('url = "http://127.0.0.1:18789/"');
  });

  test.each(hostileTokens.carried)("carries the token %j in one line of four, as it is", (token) => {
    const lines = get({ authorization: `Bearer ${token}` });
    expect(lines).toHaveLength(5);
    expect(asCurlReads(lines[2] ?? "")).toBe(`authorization: Bearer ${token}`);
  });

  test.each(hostileTokens.refused)("refuses the token %j, and does not repeat it", (token) => {
    let message = "";
    try {
      get({ authorization: `Bearer ${token}` });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(
      /^The value of the request header `authorization` has .+: no request can carry it/,
    );
    expect(message).not.toContain(token.trim());
  });
});

describe("an answer", () => {
  test("has the status, cookies and body of the last one", () => {
    const text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nSet-Cookie: a=1; HttpOnly\r\nset-cookie: b=2\r\n\r\n{}\r\n\r\n";
    expect(answerOf(text)).toEqual({ status: 200, cookies: ["a=1; HttpOnly", "b=2"], body: "{}\r\n\r\n" });
  });

  test("that is something else than HTTP is none", () => {
    expect(() => answerOf("SSH-2.0-OpenSSH_9.2\r\n")).toThrow("the answer is not HTTP");
  });
});
