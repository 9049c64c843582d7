/**
 * Four workers, one database, the real backend: whatever a test does to its data and to the shared
 * feed, the next one finds its own dataset whole.
 *
 * Each test looks at all feeds of four personas first, then does its damage, keeps flyers and follows
 * people of the other workers while those reset, and says at the end what it has done; the service
 * must have seen just that.
 */

import type { Page } from "@playwright/test";

import { manifest, type Manifest } from "../manifest";
import { type Difference, told } from "../seedbed";
import { expect, type Seedbed, test } from "./fixture";
import { type Feed, open, Reader } from "./pockitflyer";

const WORKERS = Number(process.env["SEEDBED_WORKERS"]);
/** How many blocks stand there: every further one is as large as a worker's dataset, and nobody tests on it. */
const BLOCKS = Number(process.env["SCALE"] ?? 1);
/** All of the shared feed where there are no further blocks. */
const PAGES = BLOCKS === 1 ? Infinity : 4;
const PERSONAS = ["new", "active", "power", "prolific"] as const;
const CATEGORIES = ["events", "nightlife", "service"] as const;
type Name = (typeof PERSONAS)[number];

interface Stage {
  readers: Record<Name, Reader>;
  /** The workers that test at the same time. */
  others: Manifest[];
}

test.describe("the dataset as declared", () => {
  test("power gives up what she keeps and whom she follows", async ({ page, seedbed }) => {
    const { readers, others } = await whole(page, seedbed);
    const kept = seedbed.expected.power.favorites_feed.ids.slice(0, 7);
    for (const flyer of kept) await readers.power.drop(flyer);
    const made = await meddle(readers.power, others);

    expect(await readers.power.feed("favorites")).toHaveLength(seedbed.expected.power.favorites_feed.total - 7 + made.favorites);
    expect(summed(await seedbed.plan())).toEqual({ "removed flyers_favorite": 7, ...entries(made) });
  });

  test("active takes a favorite back and keeps it again", async ({ page, seedbed }) => {
    const { readers, others } = await whole(page, seedbed);
    const [first] = seedbed.expected.active.favorites_feed.ids;
    await readers.active.drop(first!);
    await readers.active.favor(first!);
    const made = await meddle(readers.active, others);

    const plan = summed(await seedbed.plan());
    expect(plan["removed flyers_favorite"]).toBe(1);
    expect(plan["made flyers_favorite"]).toBe(1 + made.favorites);
    expect(plan["made users_follow"]).toBe(made.follows);
  });

  test("somebody registers, keeps flyers of everybody and follows", async ({ page, seedbed }) => {
    const { readers, others } = await whole(page, seedbed);
    const email = `test_m03_e04_favorite_${Date.now()}${seedbed.mark}@pockitflyer.test`;
    const account = await readers.new.ask("POST", "auth/register/", { email, password: "TestPass123!", display_name: "E4" });
    const somebody = new Reader(page, account.token);
    const own = seedbed.expected.power.favorites_feed.ids.slice(0, 5);
    for (const flyer of own) await somebody.favor(flyer);
    const made = await meddle(somebody, others);
    await somebody.drop(own[0]!);

    expect(await somebody.feed("favorites")).toHaveLength(4 + made.favorites);
    const row = { "made users_user": 1, "made users_profile": 1, "made users_privacysettings": 1 };
    expect(summed(await seedbed.plan())).toEqual({ ...row, ...entries({ ...made, favorites: 4 + made.favorites }) });
  });

  test("prolific logs in and changes her settings", async ({ page, seedbed }) => {
    const { readers, others } = await whole(page, seedbed);
    const { email, password } = seedbed.personas.prolific;
    const session = await readers.new.ask("POST", "auth/login/", { email, password });
    const prolific = new Reader(page, session.token);
    const settings = await prolific.ask("GET", "users/me/privacy-settings/");
    await prolific.ask("PATCH", "users/me/privacy-settings/", { allow_email_contact: !settings.allow_email_contact });
    const made = await meddle(prolific, others);

    const changed = { "changed users_user": 1, "changed users_privacysettings": 1 };
    expect(summed(await seedbed.plan())).toEqual({ ...changed, ...entries(made) });
  });

  test("the shared feed shows the same flyers of every worker", async ({ page, seedbed }) => {
    const { readers, others } = await whole(page, seedbed);
    const shown = await readers.power.feed("all", { pages: PAGES });
    const ids = (worker: number) => shown.filter((id) => workerOf(id) === worker).map((id) => id - worker * 1_000_000);
    const own = ids(seedbed.worker);

    expect(new Set(shown).size).toBe(shown.length);
    if (BLOCKS === 1) expect(own.length).toBeGreaterThan(100);
    // Beside a million rows these are the newest: the last page may end between two workers.
    const cut = BLOCKS === 1 ? 0 : 1;
    for (const { worker } of others) {
      expect(Math.abs(ids(worker).length - own.length)).toBeLessThanOrEqual(cut);
      expect(ids(worker).slice(0, own.length)).toEqual(own.slice(0, ids(worker).length));
    }
    for (const id of shown.filter((id) => workerOf(id) !== seedbed.worker).slice(0, 20)) await readers.new.favor(id);
    expect((await seedbed.verify()).exit_code).toBe(1);
  });
});

test.describe("a declared state", () => {
  test.use({ seedbedState: "active_follows_nobody" });

  test("active starts with no follows, follows three and leaves the first", async ({ page, seedbed }) => {
    const { readers, others } = await whole(page, seedbed, { except: "active" });
    const { active } = readers;
    const { user_005, user_011, user_016 } = seedbed.personas;
    expect(await active.feed("favorites")).toEqual(seedbed.expected.active.favorites_feed.ids);
    expect(await active.feed("following")).toEqual([]);

    for (const { id } of [user_005, user_011, user_016]) await active.follow(id);
    expect(await active.feed("following")).toHaveLength(9);
    await active.leave(user_005.id);
    expect(await active.feed("following")).toHaveLength(4);
    const made = await meddle(readers.power, others);

    const changed = summed(await seedbed.plan());
    expect(changed).toEqual(entries({ ...made, follows: 2 + made.follows }));
    expect(summed(await seedbed.reset("active_follows_nobody"))).toEqual(changed);
    expect(await active.feed("following")).toEqual([]);
  });
});

/** Looks at every feed of the personas, ids in order, and returns them with a token each. */
async function whole(page: Page, seedbed: Seedbed, { except }: { except?: Name } = {}): Promise<Stage> {
  await open(page);
  const reader = async (name: Name) => [name, new Reader(page, await seedbed.token(name))] as const;
  const readers = Object.fromEntries(await Promise.all(PERSONAS.map(reader))) as Record<Name, Reader>;
  const looked = PERSONAS.filter((name) => name !== except).flatMap((name) =>
    (["favorites", "following"] as const).map((feed) => look(seedbed, name, feed, readers[name])),
  );
  for (const { shown, declared } of await Promise.all(looked)) expect(shown).toEqual(declared);
  const others = Array.from({ length: WORKERS }, (_, worker) => worker).filter((worker) => worker !== seedbed.worker);
  return { readers, others: others.map((worker) => manifest(worker)) };
}

/** What the app shows of a feed, as a whole and by category, and what it should show. */
async function look(seedbed: Seedbed, name: Name, feed: Exclude<Feed, "all">, reader: Reader) {
  const answer = seedbed.expected[name][`${feed}_feed`];
  const shown: Record<string, readonly number[]> = { all: await reader.feed(feed) };
  const declared: Record<string, readonly number[]> = { all: answer.ids };
  for (const category of answer.total > 5 ? CATEGORIES : []) {
    shown[category] = await reader.feed(feed, { category });
    declared[category] = answer.by.category[category].ids;
  }
  const titled = (lists: typeof shown) => ({ worker: seedbed.worker, name, feed, lists });
  return { shown: titled(shown), declared: titled(declared) };
}

/** Keeps flyers of others that the shared feed shows, and follows two people of each other worker. */
async function meddle(reader: Reader, others: Stage["others"]): Promise<{ favorites: number; follows: number }> {
  const workers = new Set<number | undefined>([undefined, ...others.map(({ worker }) => worker)]);
  const shown = await reader.feed("all", { pages: 1 });
  const flyers = shown.filter((flyer) => workers.has(workerOf(flyer))).slice(0, 6);
  expect(flyers).toHaveLength(6);
  for (const flyer of flyers) await reader.favor(flyer);
  const people = others.flatMap(({ personas }) => [personas.user_005.id, personas.user_011.id]);
  for (const user of people) await reader.follow(user);
  return { favorites: flyers.length, follows: people.length };
}

function entries({ favorites, follows }: { favorites: number; follows: number }): Record<string, number> {
  return { "made flyers_favorite": favorites, "made users_follow": follows };
}

/** How many rows of which table were made, changed and removed. */
function summed(difference: Difference): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const line of told(difference).trimEnd().split("\n")) {
    const [what, where] = line.split(/ +/);
    sums[`${what} ${where}`] = (sums[`${what} ${where}`] ?? 0) + 1;
  }
  return sums;
}

/** The worker whose key this is: `1 L WW RRRRRR`; none has a key of a further block, `7 L WW ...`. */
function workerOf(id: number): number | undefined {
  return id < 2_000_000_000 ? Math.floor(id / 1_000_000) % 100 : undefined;
}
