import { describe, expect, it } from "vitest";
import { isLowerVersion } from "../../config/version-order.ts";

const of = (tag: string, repository = "registry.example.com/clawforceone/agent") =>
  `${repository}:${tag}@sha256:${"a".repeat(64)}`;

describe("isLowerVersion", () => {
  it.each([
    ["1.4.1", "1.4.2"],
    ["1.4.9", "1.4.10"],
    ["1.9.0", "2.0.0"],
    ["v1.4.1", "1.4.2"],
    ["1.3", "1.4.2"],
    ["1", "2"],
    ["2026.4.15", "2026.4.23"],
    ["2026.4.23", "2026.6.11"],
    ["2026.7.1", "2026.7.1-2"],
    ["2026.7.1-1", "2026.7.1-2"],
    ["2026.7.1-2", "2026.9.1"],
    ["20260423", "20260611"],
    ["1.4.2-rc.1", "1.4.2"],
    ["1.4.2-rc.1", "1.4.2-rc.2"],
    ["1.4.2-beta.9", "1.4.2-rc.1"],
    ["1.4.2rc1", "1.4.2"],
    ["1.4.1-alpine", "1.4.2-alpine"],
    ["1.4.2-openclaw-2026.4.15", "1.4.2-openclaw-2026.4.23"],
    ["1.4.1-openclaw-2026.4.23", "1.4.2-openclaw-2026.4.23"],
    ["1.4.2-openclaw-2026.7.1", "1.4.2-openclaw-2026.7.1-2"],
    // The state is that of what is inside.
    ["1.4.3-openclaw-2026.4.15", "1.4.2-openclaw-2026.4.23"],
  ])("calls %s lower than %s, and not the other way round", (lower, higher) => {
    expect(isLowerVersion(of(lower), of(higher))).toBe(true);
    expect(isLowerVersion(of(higher), of(lower))).toBe(false);
  });

  it.each([
    ["1.4.2", "1.4.2"],
    ["1.4", "1.4.2"],
    ["1.4.2", "1.4.2-1"],
    ["stable", "1.4.2"],
    ["bookworm", "alpine"],
    ["sha-0123abc", "sha-fedc987"],
    ["1234567", "7654321"],
    ["1.4.2-openclaw-2026.4.23", "1.4.2"],
    ["1.4.2-alpine", "1.4.2-slim"],
    ["main-12", "develop-13"],
  ])("calls neither %s nor %s lower: it can't be told", (one, other) => {
    expect(isLowerVersion(of(one), of(other))).toBe(false);
    expect(isLowerVersion(of(other), of(one))).toBe(false);
  });

  it("compares nothing that is other software, has no tag, or is no reference", () => {
    expect(isLowerVersion(of("1.4.1", "a/agent"), of("1.4.2", "a/clawforce"))).toBe(false);
    expect(isLowerVersion(`a/agent@sha256:${"a".repeat(64)}`, of("1.4.2", "a/agent"))).toBe(false);
    expect(isLowerVersion("sha256:0123", of("1.4.2"))).toBe(false);
    expect(isLowerVersion(of("1.4.1", "mirror.internal:5000/agent"), of("1.4.2"))).toBe(true);
  });
});
