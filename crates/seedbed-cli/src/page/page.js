// The page's script: copying, choosing, comparing, the verbs, and the look at what has changed.
//
// Nothing here draws a dataset. What the service has rendered stands in the page; when the plan
// changes, the page is fetched again and the sections that differ take the place of the old ones.
"use strict";

const EVERY = 1000; // ms between two looks while the page is visible
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);

// A browser comes in with a key that works once; it leaves the address at once.
async function comeIn() {
  const key = /^#key=([0-9a-f]+)$/.exec(location.hash)?.[1];
  if (!key) return;
  history.replaceState(null, "", location.pathname + location.search);
  const answer = await ask("/session", { key });
  if (answer.ok) location.replace(location.pathname + location.search);
  else if (one("#door")) one("#door").textContent = "This key was used before, or is another service's. Ask for a new one.";
}

// Asks the service; `body` makes it a POST. Never throws: what failed has `message`.
async function ask(path, body) {
  const init = body ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : {};
  try {
    const response = await fetch(path, { ...init, headers: { Accept: "application/json", ...init.headers } });
    const data = await response.json();
    return { ok: response.ok, data, message: data.error ? [data.error.message, data.error.help].flat().filter(Boolean).join("; ") : "" };
  } catch {
    return { ok: false, data: {}, message: "the service does not answer" };
  }
}

const verbs = () => one("#verbs");
const asked = () => ({ scenario: verbs().dataset.scenario, worker: Number(verbs().dataset.worker) });
const query = () => new URLSearchParams(asked()).toString();

// --- what has changed, while a test runs

let seen; // the plan that the page shows, as text
let busy = false;

async function look() {
  if (busy || document.hidden) return;
  const answer = await ask(`/v1/plan?${query()}`);
  if (busy) return;
  if (!answer.ok) return say(answer.message, true);
  if (one("#said").dataset.lost) say("");
  const { plan, dataset } = answer.data;
  const now = JSON.stringify([plan, dataset]);
  if (seen === undefined) seen = now;
  if (now !== seen) {
    await renew();
    seen = now;
  }
}

async function watch() {
  for (;;) {
    await look();
    await new Promise((resume) => {
      const timer = setTimeout(resume, EVERY);
      // Hidden pages ask for nothing; one that comes back looks at once.
      document.addEventListener("visibilitychange", () => { clearTimeout(timer); resume(); }, { once: true });
    });
    if (document.hidden) await new Promise((resume) => document.addEventListener("visibilitychange", resume, { once: true }));
  }
}

// Fetches the page again and puts what differs in the place of what is there.
async function renew() {
  let text;
  try {
    const response = await fetch(`/?${query()}`);
    if (!response.ok) return;
    text = await response.text();
  } catch {
    return;
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const selector of ["#state", ".clock", "#last", "#people", "#changes", "#checks", "#lists", "#special", "#pictures", "footer"]) {
    exchange(selector, fresh);
  }
  // The words of the state are said to those who cannot see them change.
  say(one("#state").textContent.trim().replace(/\s+/g, " "), false, true);
}

const shown = new WeakMap(); // what a part was as the service rendered it

function exchange(selector, fresh) {
  const [old, next] = [one(selector), one(selector, fresh)];
  if (!next || (old && (shown.get(old) ?? old.outerHTML) === next.outerHTML)) return;
  const rendered = next.outerHTML;
  const arrived = document.adoptNode(next);
  shown.set(arrived, rendered);
  if (!old) {
    // A section of its own has come, as after the first seeding.
    if (selector === "#last") one(".verbs").append(arrived);
    else location.reload();
    return;
  }
  const said = all("select, input, textarea", old).map((field) => field.value);
  const open = all("details", old).filter((part) => part.open).map(place);
  const focus = old.contains(document.activeElement) ? all("button, summary, input, select, textarea, [tabindex]", old).indexOf(document.activeElement) : -1;
  old.replaceWith(arrived);
  for (const part of all("details", arrived)) part.open = open.includes(place(part)) || (part.open && !part.matches(".fold"));
  prepare(arrived);
  const fields = all("select, input, textarea", arrived);
  if (fields.length === said.length) fields.forEach((field, at) => { field.value = said[at]; });
  if (selector === "#changes") arrived.classList.add("fresh");
  if (selector === "#people") filter();
  if (selector === "#lists") choose();
  all("button, summary, input, select, textarea, [tabindex]", arrived)[focus]?.focus();
}

// A part is the same as an older one when its summary says the same, numbers aside.
const place = (part) => one("summary", part).textContent.replace(/\d+/g, "");

// --- verbs

const DOING = { plan: "planning", seed: "seeding", reset: "resetting", verify: "verifying", cleanup: "cleaning up" };

async function run(verb) {
  busy = true;
  all("button", verbs()).forEach((button) => { button.disabled = true; });
  one("#progress span").textContent = `${DOING[verb]}\u2026`;
  one("#progress").hidden = false;
  say("");
  const reads = verb === "plan" || verb === "verify";
  const answer = reads ? await ask(`/v1/${verb}?${query()}`) : await ask(`/v1/${verb}`, asked());
  await renew();
  one("#progress").hidden = true;
  all("button", verbs()).forEach((button) => { button.disabled = false; });
  one(`[data-verb=${verb}]`).focus({ preventScroll: true });
  say(answer.ok ? `${verb}: ${one("#state").textContent.trim().replace(/\s+/g, " ")}` : `${verb} failed: ${answer.message}`, !answer.ok);
  seen = undefined;
  busy = false;
}

async function cleanup() {
  const dialog = one("#cleanup");
  one("#cleanup-plan").textContent = "reading\u2026";
  dialog.returnValue = "no";
  dialog.showModal();
  try {
    const response = await fetch(`/cleanup?${query()}`);
    const text = await response.text();
    const plan = response.ok ? new DOMParser().parseFromString(text, "text/html").body : null;
    one("#cleanup-plan").replaceChildren(...(plan ? plan.childNodes : [JSON.parse(text).error.message]));
  } catch {
    one("#cleanup-plan").textContent = "The service does not answer.";
  }
}

// Says a line beside the verbs; `quietly` only to screen readers.
function say(text, bad = false, quietly = false) {
  const said = one("#said");
  said.classList.toggle("bad", bad);
  said.classList.toggle("vh", quietly);
  if (bad) said.dataset.lost = "yes"; else delete said.dataset.lost;
  if (said.textContent !== text) said.textContent = text;
}

// --- copying

async function copy(button) {
  let text = button.dataset.copy;
  if (button.dataset.persona) {
    const { persona, kind } = button.dataset;
    const answer = await ask("/v1/token", { ...asked(), persona, kind });
    if (!answer.ok) {
      mark(button, "failed");
      return say(`no token of ${persona}: ${answer.message}`, true);
    }
    text = answer.data.token;
  }
  try {
    await navigator.clipboard.writeText(text);
    mark(button, "done");
  } catch {
    mark(button, "failed");
  }
}

function mark(button, how) {
  for (const name of ["done", "failed"]) delete button.dataset[name];
  button.dataset[how] = "";
  setTimeout(() => { delete button.dataset[how]; }, 1600);
}

// --- lists: choosing one, comparing it

function choose() {
  const choice = one("#choice");
  if (!choice) return;
  const [who, list, group] = ["who", "list", "group"].map((name) => one(`[name=${name}]`, choice));
  const lists = all(".list");
  const names = lists.filter((part) => part.dataset.who === who.value).map((part) => part.dataset.list);
  for (const option of list.options) option.hidden = option.disabled = !names.includes(option.value);
  if (!names.includes(list.value)) list.value = names[0];
  for (const part of lists) {
    const chosen = part.dataset.who === who.value && part.dataset.list === list.value;
    part.classList.toggle("chosen", chosen);
    if (!chosen) continue;
    part.open = true;
    const groups = [...new Set(all("tr[data-group]", part).map((row) => row.dataset.group))].sort();
    group.closest("label").hidden = groups.length < 2;
    const options = groups.map((name) => new Option(name, name));
    const kept = groups.includes(group.value) ? group.value : "";
    group.replaceChildren(new Option("all", ""), ...options);
    group.value = kept;
    for (const row of all("tr[data-id]", part)) row.hidden = kept !== "" && row.dataset.group !== kept;
  }
}

// Finds ids in what was pasted: JSON of any shape that holds one list, or words.
function ids(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    return text.split(/[\s,;]+/).filter(Boolean);
  }
  if (typeof data !== "object" || data === null) return [String(data)];
  const list = Array.isArray(data) ? data : longest(data);
  const id = (item) => {
    if (item === null || typeof item !== "object") return String(item);
    if (Array.isArray(item)) return item.join(" ");
    const name = ["id", "pk", "uuid", "key"].find((key) => key in item) ?? Object.keys(item).find((key) => /(^|_)id$/i.test(key));
    return name === undefined ? JSON.stringify(item) : String(item[name]);
  };
  return list.map(id);
}

// Returns the longest list inside an object.
function longest(data) {
  let best = [];
  for (const value of Object.values(data)) {
    const list = Array.isArray(value) ? value : value && typeof value === "object" ? longest(value) : [];
    if (list.length > best.length) best = list;
  }
  return best;
}

function compare(part) {
  const list = part.closest(".list");
  const output = one("output", part);
  const rows = all("tr[data-id]", list).filter((row) => !row.hidden);
  all("tr[data-mark]", list).forEach((row) => { row.removeAttribute("data-mark"); one(".mark", row)?.remove(); });
  const expected = rows.map((row) => row.dataset.id);
  const pasted = ids(one("textarea", part).value);
  const missing = expected.filter((id) => !pasted.includes(id));
  const extra = pasted.filter((id, at) => !expected.includes(id) || pasted.indexOf(id) !== at);
  const common = expected.filter((id) => pasted.includes(id));
  const order = pasted.filter((id, at) => expected.includes(id) && pasted.indexOf(id) === at);
  const moved = common.filter((id, at) => order[at] !== id);
  for (const row of rows) {
    const id = row.dataset.id;
    const word = missing.includes(id) ? "missing" : moved.includes(id) ? `comes as ${order.indexOf(id) + 1}` : "";
    if (!word) continue;
    row.dataset.mark = word;
    const mark = Object.assign(document.createElement("span"), { className: "mark", textContent: ` ${word}` });
    row.cells[1].append(mark);
  }
  const lines = [];
  const line = (name, which) => { if (which.length) lines.push(`${which.length} ${name}: ${which.slice(0, 20).join(", ")}${which.length > 20 ? ", \u2026" : ""}`); };
  line("missing", missing);
  line("too much", extra);
  if (moved.length) lines.push(`${moved.length} in another order`);
  const verdict = document.createElement("strong");
  verdict.className = lines.length ? "bad-word" : "good-word";
  verdict.textContent = lines.length ? "It differs." : `The same: ${expected.length} of ${expected.length}, in order.`;
  const list_ = document.createElement("ul");
  list_.append(...lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  output.replaceChildren(verdict, ...(lines.length ? [list_] : []));
}

// --- filter

function filter() {
  const wanted = one("#filter input").value.trim().toLowerCase();
  let found = 0;
  for (const person of all(".person")) {
    person.hidden = !person.textContent.toLowerCase().includes(wanted);
    found += person.hidden ? 0 : 1;
  }
  one("#nobody").hidden = found > 0;
}

// Shows what only a script can do, in a part of the page that has just come.
function prepare(part) {
  for (const hidden of all("#filter, #verbs, #choice, .compare, .token", part)) hidden.hidden = false;
  if (part.matches("#lists") || one("#lists", part)) choose();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches(".copy")) copy(button);
  else if (button.dataset.verb === "cleanup") cleanup();
  else if (button.dataset.verb) run(button.dataset.verb);
  else if (button.closest(".compare")) compare(button.closest(".compare"));
});
document.addEventListener("input", (event) => { if (event.target.closest("#filter")) filter(); });
document.addEventListener("change", (event) => {
  if (event.target.closest("#choice")) choose();
  const chooser = event.target.closest("#chooser");
  if (chooser) location.search = new URLSearchParams(new FormData(chooser)).toString();
});

document.documentElement.classList.add("js");
comeIn();
if (verbs()) {
  for (const selector of ["#people", "#changes", "#checks", "#lists", "#special", "#pictures"]) {
    const part = one(selector);
    if (part) shown.set(part, part.outerHTML);
  }
  prepare(document.body);
  one("#cleanup").addEventListener("close", () => { if (one("#cleanup").returnValue === "yes") run("cleanup"); });
  // On a phone, what comes after the changes is opened by who wants it.
  if (matchMedia("(max-width: 40rem)").matches) for (const part of all("details.fold")) part.open = false;
  watch();
}
