// Every answer that is no success has one shape: what, why, remedy.

import { person } from "./person.svelte";

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
  // Percent-encoded: a header carries no letters beyond Latin.
  headers.set("X-Marrowmap-Reader", encodeURIComponent(person.name.trim()));
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

/** A problem in the one shape, whatever was thrown. */
export function problemOf(error: unknown, what: string): Problem {
  return error instanceof ApiError ? error.problem : { status: 0, what, why: String(error), remedy: "" };
}

/** Open a document of the server in a new tab; the reader travels in a header, so a plain link cannot. */
export async function openDocument(path: string): Promise<void> {
  const tab = open("", "_blank");
  const answer = await fetch(`api/${path}`, { headers: { "X-Marrowmap-Reader": encodeURIComponent(person.name.trim()) } });
  if (!answer.ok) {
    tab?.close();
    throw new ApiError(((await answer.json()) as { error: Problem }).error);
  }
  const url = URL.createObjectURL(await answer.blob());
  if (tab) tab.location = url;
  else location.assign(url);
}
