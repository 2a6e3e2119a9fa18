import { followRollout } from "../lifecycle/control-plane/follow-rollout.ts";
import { runProgram } from "./program.ts";

await runProgram(followRollout);
