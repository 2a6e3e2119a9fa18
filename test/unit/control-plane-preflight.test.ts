import { expect, test } from "vitest";
import { preflightControlPlane } from "../../lifecycle/control-plane/check.ts";
import { MemoryWorld } from "../support/memory-world.ts";
import { candidate, digest, stable } from "./config-fixture.ts";

const image = `clawforceone/clawforce:1.4.2@${digest("e")}`;

/** Its container as it runs now, with a file of an earlier time in its data that would pass for the database. */
function preflightWith(environment: string[]): Promise<unknown> {
  const world = new MemoryWorld(candidate, undefined, { controlPlane: { image } });
  world.platform.run("clawforce", stable, { environment });
  const controlPlane = { container: "clawforce", username: "admin", database: "clawforce.db" };
  const workload = { ...world.workload, name: "clawforce", container: "clawforce", controlPlane };
  return preflightControlPlane({ ...world.context, workload } as never, []);
}

test.each(["CLAWORC_DATABASE=postgres://db/claworc", "CLAWFORCE_DATABASE=mysql://db/clawforce"])(
  "a control plane that runs with %s is refused before its API is asked, whatever its data have",
  async (variable) => {
    await expect(preflightWith(["A=b", variable])).rejects.toThrow(
      `in clawforce ${variable.replace(/=.*/, "")} names a database on a server. Snapshots of its data would be without it`,
    );
  },
);

test("a control plane with a database of its own goes on to its API", async () => {
  await expect(preflightWith(["CLAWORC_DATABASE=sqlite:///app/data/claworc.db"])).rejects.toThrow(
    "nobody has said what the control plane answers",
  );
});
