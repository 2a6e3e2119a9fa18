import { describe, expect, test } from "vitest";
import { EngineFailure, OperationFailure } from "../../platforms/failure.ts";
import { KubernetesPlatform } from "../../platforms/kubernetes/platform.ts";
import { settings } from "./kubernetes-objects.ts";

const lost = new KubernetesPlatform(settings({ kubeconfig: "/no/such/kubeconfig" }));

describe("a platform whose kubeconfig is not there", () => {
  test("says so for whatever it is asked, and in place of no other error", async () => {
    const sentence = "There is no kubeconfig (/no/such/kubeconfig)";
    await expect(lost.observe([], "test")).rejects.toThrow(sentence);
    await expect(lost.exec("bot-a", ["true"], { deadline: 1 })).rejects.toThrow(sentence);
    const other = new OperationFailure("something else");
    expect(lost.explain(other)).toBe(other);
  });

  test("tells an engine that does not answer as one that nothing was asked of", () => {
    expect(lost.explain(new EngineFailure("It is silent", "Wake it."))).toMatchObject({
      message: "It is silent; nothing was done. Wake it.",
    });
  });
});

test("what Kubernetes can't do is refused in words", async () => {
  await expect(lost.setAside("id", "bot-a.kept")).rejects.toThrow("Kubernetes can't rename an object");
  expect(await lost.sharingNetwork()).toEqual([]);
  expect(await lost.imageVersion()).toBeUndefined();
});
