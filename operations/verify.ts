import { verify } from "../lifecycle/update/verify.ts";
import { runProgram } from "./program.ts";

await runProgram(verify);
