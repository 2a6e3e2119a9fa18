import { followRollout } from "../platforms/clawforce/follow-rollout.ts";
import { runProgram } from "./program.ts";

await runProgram(followRollout);
