import { fallBack } from "../lifecycle/update/fall-back.ts";
import { runProgram } from "./program.ts";

await runProgram(fallBack);
