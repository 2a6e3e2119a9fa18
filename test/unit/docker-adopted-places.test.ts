import { expect, test } from "vitest";
import { adoptionEdits } from "../../fleet/adoption-lines.ts";
import type { Inspected } from "../../platforms/docker/adopted-settings.ts";
import { adoptionOf, withoutSharedPlaces } from "../../platforms/docker/adoption.ts";
import { digest } from "./config-fixture.ts";

const asked = { stateDirectory: "/home/node/.openclaw", port: 18789 };
const home = { Type: "volume", Name: "oc-home", Source: "/x", Destination: "/home/node/.openclaw", RW: true };

function adopted({
  Name = "/gateway-1",
  Mounts,
  files = [],
}: {
  Name?: string;
  Mounts: object[];
  files?: string[];
}) {
  const found = {
    ...{ Id: "0".repeat(64), Name, Mounts, HostConfig: {}, NetworkSettings: {} },
    ...{ Config: { Image: "openclaw:1" }, State: { Status: "running", Running: true } },
  };
  return adoptionOf(
    found as unknown as Inspected,
    { RepoDigests: [`openclaw@${digest("a")}`], Config: {} },
    { ...asked, files: new Set(files) },
  );
}

test("a single file is no state: inside of it it is told as lost, and elsewhere it is a plain mount", () => {
  const inside = "/home/node/.openclaw/openclaw.json";
  const outside = "/home/node/.config/openclaw";
  const bind = (Source: string, Destination: string) => ({ Type: "bind", Source, Destination, RW: true });
  const found = adopted({
    Mounts: [home, bind("/srv/openclaw.json", inside), bind("/srv/auth", outside)],
    files: [inside, outside],
  });
  expect(found.mounts).toBeUndefined();
  expect(found.settings.mounts).toEqual([{ kind: "bind", source: "/srv/auth", target: outside }]);
  expect(found.lost).toEqual([
    {
      key: `mounts.${inside}`,
      what: `the file that is mounted inside of the state at ${inside} (from /srv/openclaw.json): only folders and volumes can be state. Copy it into the state, and start the gateway without this mount`,
    },
  ]);
});

test("a container whose state would be a single file is refused", () => {
  const file = { ...home, Type: "bind", Source: "/srv/state.tar" };
  expect(() => adopted({ Mounts: [file], files: [home.Destination] })).toThrow(
    "gateway-1 has a single file at /home/node/.openclaw, and only a folder or a volume can be its state.",
  );
});

test("what is mounted inside of the state, or where a gateway keeps what is its own, is state of the instance", () => {
  const bind = (Source: string, Destination: string) => ({ Type: "bind", Source, Destination, RW: true });
  const found = adopted({
    Mounts: [
      home,
      { ...home, Name: "oc-workspace", Destination: "/home/node/.openclaw/workspace" },
      bind("/srv/config", "/home/node/.config/openclaw"),
      bind("/srv/w", "/data/workspace-main"),
      bind("/srv/shared", "/shared"),
    ],
  });
  expect(found.lost).toEqual([]);
  expect(found.mounts).toEqual([
    ...[{ kind: "volume", source: "oc-workspace", target: "/home/node/.openclaw/workspace", state: true }],
    ...[{ kind: "bind", source: "/srv/config", target: "/home/node/.config/openclaw", state: true }],
    ...[{ kind: "bind", source: "/srv/w", target: "/data/workspace-main", state: true }],
  ]);
  expect(found.settings.mounts).toEqual([{ kind: "bind", source: "/srv/shared", target: "/shared" }]);
  const [lines] = adoptionEdits([found], { stack: "s", group: "g", agentImage: "i", settings: {} }).slice(1);
  expect(lines?.value).toMatchObject({ instances: [{ name: "gateway-1", mounts: found.mounts }] });
  expect(found.notes[0]).toBe(
    "What is mounted at /home/node/.openclaw/workspace is taken for state of this gateway alone: snapshots have it, and a restore sets it back.",
  );
});

test("a place that two of them have is state of neither, unless it is inside of their states", () => {
  const inside = "/home/node/.openclaw/workspace";
  const found = ["/a", "/b"].map((Name) =>
    adopted({
      Name,
      Mounts: [
        home,
        { ...home, Name: "inside", Destination: inside },
        { ...home, Name: "together", Destination: "/home/node/.config/openclaw" },
        { ...home, Name: `own-of-${Name.slice(1)}`, Destination: "/data/workspace" },
      ],
    }),
  );
  const [one] = withoutSharedPlaces(found, asked);
  expect(one?.mounts?.map(({ source }) => source)).toEqual(["inside", "own-of-a"]);
  expect(one?.settings.mounts).toEqual([
    { kind: "volume", source: "together", target: "/home/node/.config/openclaw" },
  ]);
  expect(one?.notes).toEqual([
    expect.stringContaining(`at ${inside} is taken for state`),
    expect.stringContaining("at /data/workspace is taken for state"),
    "What is mounted at /home/node/.config/openclaw (together) is another gateway's too: it is in no snapshot. Back it up yourself.",
  ]);
  expect(withoutSharedPlaces(found.slice(0, 1), asked)).toEqual(found.slice(0, 1));
});
