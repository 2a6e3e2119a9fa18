import { describe, expect, it } from "vitest";
import { mountedAt, parseMountTable } from "../../platforms/docker/mount-table.ts";
import { describeWriters, isSameState, returnsByItself } from "../../platforms/docker/writers.ts";

/** Lines as the kernel writes them: /own and one candidate, each with device and place on it. */
function table(...mounts: [at: string, device: string, root: string][]) {
  const lines = mounts.map(
    ([at, device, root], index) =>
      `${100 + index} 90 ${device} ${root} ${at} rw,relatime - ext4 /dev/sda1 rw`,
  );
  return parseMountTable(["31 1 0:27 / / rw - overlay overlay rw", ...lines, ""].join("\n"));
}

describe("the table of mounts", () => {
  it("is read with its escaped names", () => {
    expect(table(["/own", "8:1", "/srv/with\\040space"])[1]).toEqual({
      device: "8:1",
      path: "/srv/with space",
      at: "/own",
    });
  });

  it("has what is mounted below a path too, and nothing beside it", () => {
    const mounts = table(["/own", "8:1", "/a"], ["/own/b", "8:2", "/"], ["/owner", "8:1", "/c"]);
    expect(mountedAt(mounts, "/own").map(({ at }) => at)).toEqual(["/own", "/own/b"]);
  });
});

describe("two mounts are one state", () => {
  const volumes = "/var/lib/docker/volumes";
  it.each([
    ["the same folder", "/srv/bot", "/srv/bot", false, true],
    ["a folder in it", "/srv/bot", "/srv/bot/agents", false, true],
    ["a folder around it", "/srv/bot", "/srv", false, true],
    ["a folder whose name goes on", "/srv/bot", "/srv/bot-2", false, false],
    ["the folder of the volume", `${volumes}/bot/_data`, `${volumes}/bot/_data`, true, true],
    ["the volume with its folder", `${volumes}/bot/_data`, `${volumes}/bot`, true, true],
    ["all volumes, as a tool for people has them", `${volumes}/bot/_data`, volumes, true, false],
    ["the whole disk, beside a volume", `${volumes}/bot/_data`, "/", true, false],
  ])("%s: %s and %s", (_, own, candidate, plain, expected) => {
    const mounts = table(["/own", "8:1", own], ["/candidates/0", "8:1", candidate]);
    expect(isSameState(mountedAt(mounts, "/candidates/0"), mounts, { plain })).toBe(expected);
  });

  it("not on two devices", () => {
    const mounts = table(["/own", "8:1", "/srv/bot"], ["/candidates/0", "8:2", "/srv/bot"]);
    expect(isSameState(mountedAt(mounts, "/candidates/0"), mounts, { plain: false })).toBe(false);
  });

  it("when the state is a disk mounted within the other one", () => {
    const mounts = table(
      ["/own", "8:2", "/"],
      ["/candidates/0", "8:1", "/srv"],
      ["/candidates/0/bot", "8:2", "/"],
    );
    expect(isSameState(mountedAt(mounts, "/candidates/0"), mounts, { plain: false })).toBe(true);
  });
});

describe("a container that does not run comes back with the engine", () => {
  it.each([
    ["always", "exited", 0, true],
    ["unless-stopped", "exited", 0, false],
    ["unless-stopped", "created", 0, true],
    ["on-failure", "exited", 1, true],
    ["on-failure", "exited", 0, false],
    ["no", "exited", 1, false],
  ])("%s, %s with code %i: %s", (Name, Status, ExitCode, expected) => {
    const info = { HostConfig: { RestartPolicy: { Name } }, State: { Status, ExitCode, Running: false } };
    expect(returnsByItself(info as Parameters<typeof returnsByItself>[0])).toBe(expected);
  });
});

describe("the refusal", () => {
  const writer = {
    name: "bot-old",
    image: "gateway:1",
    state: "running",
    returns: false,
    place: "the volume bot",
  };

  it("names the container, what it has, and the command that is safe", () => {
    expect(describeWriters([writer])).toBe(
      "another container runs on the same state: bot-old (running; gateway:1) has the volume bot. Two gateways on one state " +
        "destroy it. Stop it (`docker stop bot-old`), then try again. A container that is only renamed goes on writing.",
    );
  });

  it("takes the restart policy away first, else the engine starts it again", () => {
    expect(describeWriters([{ ...writer, returns: true }])).toContain(
      "(`docker update --restart=no bot-old && docker stop bot-old`)",
    );
    const stopped = describeWriters([{ ...writer, state: "exited", returns: true }]);
    expect(stopped).toContain("bot-old (exited, and Docker starts it again with the engine; gateway:1)");
    expect(stopped).toContain("(`docker update --restart=no bot-old`)");
  });
});
