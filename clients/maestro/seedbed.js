// Seedbed for Maestro: the dataset is whole again, and the flow knows its names.
//
//   - runScript:
//       file: seedbed.js
//       env: {PERSONA: power, STATE: active_follows_nobody}     # both may be left out
//   - inputText: ${output.seedbed.persona.email}
//
// Sets output.seedbed: `persona` and `token` of PERSONA, `personas`, `rows`, `edges`, `expected`, and
// `undone`, what the flow before has changed. `seedbed run` hands over the two variables whose names
// begin with MAESTRO_; a shard is a worker.

const worker = Number(typeof MAESTRO_SHARD_INDEX === "undefined" ? 0 : MAESTRO_SHARD_INDEX) || 0;
const persona = typeof PERSONA === "undefined" ? undefined : PERSONA;
const state = typeof STATE === "undefined" ? undefined : STATE;

function answer(response, verb) {
  const found = json(response.body);
  if (!response.ok) throw new Error("seedbed " + verb + ": " + found.error.message);
  return found;
}

const headers = { Authorization: "Bearer " + MAESTRO_SEEDBED_TOKEN, "Content-Type": "application/json" };
const place = MAESTRO_SEEDBED_URL + "/v1/";

function post(verb, call) {
  return answer(http.post(place + verb, { headers: headers, body: JSON.stringify(call) }), verb);
}

const undone = post("reset", { worker: worker, state: state });
const named = answer(http.get(place + "manifest?worker=" + worker, { headers: headers }), "manifest");
output.seedbed = {
  undone: undone.plan,
  personas: named.personas,
  rows: named.rows,
  edges: named.edges,
  expected: named.expected,
};
if (persona) {
  output.seedbed.persona = named.personas[persona];
  output.seedbed.token = post("token", { worker: worker, persona: persona }).token;
}
