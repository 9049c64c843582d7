/** The PockitFlyer backend as a browser sees it: every call is a `fetch` of a page of its origin. */

import type { Page } from "@playwright/test";

export type Feed = "all" | "favorites" | "following";

/** What was asked, and what came back. */
interface Answer {
  status: number;
  body: any;
}

interface Call {
  method: string;
  path: string;
  body?: object;
}

const HERE = "lat=47.3769&lng=8.5417&page_size=50";

/** Opens a page of the backend, for what `Reader` does there; it has none but what it says to a wrong address. */
export async function open(page: Page): Promise<void> {
  await page.goto(`${process.env["BACKEND"]}/api/v1/`);
}

/** Somebody with a token, in a page of the backend. */
export class Reader {
  constructor(
    private readonly page: Page,
    private readonly token: string,
  ) {}

  /** Returns the keys of the flyers that a feed shows, in order: all pages, or so many. */
  async feed(filter: Feed, { category, pages = Infinity }: { category?: string; pages?: number } = {}): Promise<number[]> {
    const ids: number[] = [];
    for (let page = 1, more = true; more && page <= pages; page += 1) {
      const categories = category ? `&categories=${category}` : "";
      const shown = await this.ask("GET", `flyers/feed/?${HERE}&filter=${filter}${categories}&page=${page}`);
      ids.push(...shown.results.map((flyer: { id: number }) => flyer.id));
      more = shown.next !== null;
    }
    return ids;
  }

  favor = (flyer: number) => this.ask("POST", "favorites/", { flyer_id: flyer });
  drop = (flyer: number) => this.ask("DELETE", `favorites/${flyer}/`);
  follow = (user: number) => this.ask("POST", "follows/", { followed_id: user });
  leave = (user: number) => this.ask("DELETE", `follows/${user}/`);

  /** Asks the backend from inside the page; a refusal is an error that says what was refused. */
  async ask(method: string, path: string, body?: object): Promise<any> {
    const call = { method, path, ...(body && { body }) };
    const answer = await this.page.evaluate(fetched, { call, token: this.token });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

async function fetched({ call, token }: { call: Call; token: string }): Promise<Answer> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (token) headers["Authorization"] = `Bearer ${token}`;
  const body = call.body ? { body: JSON.stringify(call.body) } : {};
  const response = await fetch(`/api/v1/${call.path}`, { method: call.method, headers, ...body });
  const text = await response.text();
  const json = response.headers.get("Content-Type")?.startsWith("application/json");
  return { status: response.status, body: json ? JSON.parse(text) : text };
}
