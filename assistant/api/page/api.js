// Calls to the server, with the key of this tab if there is one.

const KEY = "focal.key";

export const key = () => sessionStorage.getItem(KEY) ?? "";
export const setKey = (value) => (value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY));

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

function headers(more = {}) {
  const found = { "X-Focal-Surface": "page", ...more };
  if (key()) found.Authorization = `Bearer ${key()}`;
  return found;
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: headers(options.headers) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server cannot be reached. Check the connection and try again.");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Refused(response.status, wording(response, problem.detail));
}

function wording(response, detail) {
  if (response.status === 401) return "An API key is needed, or the one given is not valid.";
  const wait = response.headers.get("Retry-After");
  const sentence = detail ? detail[0].toUpperCase() + detail.slice(1) : `The server answered ${response.status}`;
  return `${sentence.replace(/\.$/, "")}.${wait ? ` Try again in ${wait} seconds.` : ""}`;
}

export const get = async (path) => (await call(path)).json();

const json = (body) => ({
  method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
});

export const post = (path, body) => call(path, json(body));

/** Ask and pass each event on; resolves with the answer. */
export async function ask(body, onEvent, signal) {
  const options = json(body);
  options.headers.Accept = "text/event-stream";
  const response = await call("/v1/ask", { ...options, signal });
  for await (const [name, data] of events(response.body)) {
    if (name === "answer") return data;
    if (name === "error") throw new Refused(data.status, wording({ status: data.status, headers: new Headers() }, data.detail));
    onEvent(name, data);
  }
  throw new Refused(0, "The connection ended before the answer was complete. Please ask again.");
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (held + value).split("\n\n");
    held = blocks.pop();
    for (const block of blocks) {
      const name = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (name && data) yield [name, JSON.parse(data)];
    }
  }
}
