import { now } from "./store.ts";

export interface Task {
  id: string;
  type: string;
  instance_id: number;
  resource_id: string;
  state: "running" | "succeeded" | "failed";
  message: string;
  started_at: string;
  ended_at: string | null;
}

/** In memory, so a restart forgets them. */
export class Tasks {
  readonly #tasks: Task[] = [];

  /** Runs work in the background. A job that throws is a failed task; one that hides its failure is a succeeded one. */
  start(
    kind: { type: string; instance: number; resource?: string; message: string },
    work: () => Promise<void>,
  ): Task {
    const task: Task = {
      id: String(this.#tasks.length + 1),
      type: kind.type,
      instance_id: kind.instance,
      resource_id: kind.resource ?? String(kind.instance),
      state: "running",
      message: kind.message,
      started_at: now(),
      ended_at: null,
    };
    this.#tasks.push(task);
    void work()
      .then(
        () => {
          task.state = "succeeded";
        },
        (error: Error) => {
          task.state = "failed";
          task.message = error.message;
        },
      )
      .then(() => {
        task.ended_at = now();
      });
    return task;
  }

  list(query: URLSearchParams): Task[] {
    return this.#tasks.filter((task) => {
      if (query.get("only_active") === "true" && task.state !== "running") return false;
      const wanted = ["type", "instance_id", "resource_id", "state"] as const;
      return wanted.every((key) => !query.has(key) || query.get(key) === String(task[key]));
    });
  }

  activeOf(instance: number): Task | undefined {
    return this.#tasks.find((task) => task.instance_id === instance && task.state === "running");
  }
}
