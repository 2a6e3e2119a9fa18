import { prepareManaged } from "../platforms/clawforce/prepare-instance.ts";
import { runProgram } from "./program.ts";

await runProgram(prepareManaged);
