import { z } from "zod";

/** What we need of each answer and nothing else: a field that is not named here, as the gateway's token, is not kept. */
export const healthAnswer = z.object({
  status: z.string(),
  database: z.string(),
  orchestrator: z.string(),
  /** The only build identity there is; plain builds have none. */
  build_date: z.string().optional(),
});

export const userAnswer = z.object({ username: z.string(), role: z.string().optional() });

export const usersAnswer = z.array(z.object({ username: z.string(), role: z.string() }));

export const setupAnswer = z.object({ setup_required: z.boolean() });

/** `container_image` is null for an instance that follows the default image. */
export const instanceAnswer = z.object({
  id: z.int(),
  name: z.string(),
  status: z.string(),
  status_message: z.string().nullish(),
  container_image: z.string().nullish(),
  live_image_info: z.string().nullish(),
});

export const instancesAnswer = z.array(instanceAnswer);

export const backupAnswer = z.object({
  id: z.int(),
  instance_name: z.string(),
  status: z.string(),
  /** A JSON list in a text. */
  paths: z.string(),
  size_bytes: z.number(),
  error_message: z.string().nullish(),
});

export const backupsAnswer = z.object({ backups: z.array(backupAnswer), total: z.int() });

export const createdBackupAnswer = z.object({ id: z.int() });

export const settingsAnswer = z.record(z.string(), z.unknown());

export const tasksAnswer = z.array(
  z.object({ type: z.string(), state: z.string(), message: z.string().nullish() }),
);

export type Health = z.output<typeof healthAnswer>;
export type Instance = z.output<typeof instanceAnswer>;
export type Backup = z.output<typeof backupAnswer>;
