import { followRollout } from "../lifecycle/update/default-image.ts";
import { runProgram } from "./program.ts";

await runProgram(followRollout);
