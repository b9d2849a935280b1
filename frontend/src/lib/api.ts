// Every answer that is no success has one shape: what, why, remedy.

export interface Problem {
  status: number;
  what: string;
  why: string;
  remedy: string;
}

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super([problem.what, problem.why, problem.remedy].filter(Boolean).join(". "));
  }
}

export async function api<T>(path: string, init: RequestInit & { json?: unknown } = {}): Promise<T> {
  const headers = new Headers(init.headers);
  let body = init.body;
  if (init.json !== undefined) {
    headers.set("Content-Type", "application/json");
    body = JSON.stringify(init.json);
  }
  let answer: Response;
  try {
    answer = await fetch(`api/${path}`, { ...init, headers, body });
  } catch {
    throw new ApiError({
      status: 0,
      what: "The server does not answer",
      why: "it may have been stopped",
      remedy: "Start it again with `marrowmap serve`; nothing that was saved is lost",
    });
  }
  const content: unknown = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new ApiError((content as { error: Problem }).error);
  return content as T;
}
