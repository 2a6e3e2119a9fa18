import { OperationFailure } from "./failure.ts";

/** What a control plane says and does by its API. Every call has a deadline. */
export interface ControlPlaneApi {
  health(): Promise<{ status: string; database: string; build_date?: string | undefined }>;
  /** A new session, whatever there was before. */
  login(): Promise<void>;
  me(): Promise<User>;
  /** For administrators. */
  users(): Promise<{ username: string; role: string }[]>;
  instances(): Promise<{ name: string; status: string }[]>;
  backups(): Promise<{ id: number; instance_name: string; status: string; paths: string }[]>;
  /** Whole or not at all: the file appears under its name once its last byte has come. */
  downloadBackup(id: number, file: string): Promise<void>;
  settings(): Promise<Record<string, unknown>>;
  changeSettings(change: Record<string, string>): Promise<void>;
  activeTasks(): Promise<Task[]>;
}

/** `role` is `admin` or `user`: a user sees what his teams have, which may be nothing. */
export interface User {
  username: string;
  role?: string | undefined;
}

export interface Task {
  type: string;
  message?: string | null | undefined;
}

/** An answer of 400 or more. */
export class ApiRefusal extends OperationFailure {
  override name = "ApiRefusal";
  readonly status: number;

  constructor(sentence: string, status: number) {
    super(sentence);
    this.status = status;
  }
}

/** It runs, and has no user yet. */
export class NotSetUp extends OperationFailure {
  override name = "NotSetUp";
}
