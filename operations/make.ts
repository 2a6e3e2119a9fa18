import { make } from "../lifecycle/update/make.ts";
import { runProgram } from "./program.ts";

await runProgram(make);
