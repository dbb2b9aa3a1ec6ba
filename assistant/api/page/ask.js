// The conversation: asking, the answer as it comes, follow-ups, and what narrows them.

import { ask as askServer } from "./api.js";
import { renderAnswer, spoken } from "./answer.js";
import { nameOf } from "./cite.js";
import { announce, byId, dated, el, fill, openOption } from "./dom.js";

const KEPT = "focal.conversation";
const EXAMPLES = [
  "What does it mean that the deputy is multi-hatted?",
  "Whom does the DSRSG/RC/HC report to?",
  "Who decides whether Quick Impact Projects are appropriate?",
  "What does JMAC stand for?",
];

export function startAsking(state) {
  const conversation = { id: null, turns: [], running: null };
  const chosen = { documents: new Map(), kinds: new Map() };
  const question = byId("question");
  const send = byId("send");

  const filters = () => ({
    documents: [...chosen.documents.keys()],
    kinds: [...chosen.kinds.keys()],
    since: byId("since").value.trim() || null,
    until: byId("until").value.trim() || null,
  });

  function body(text) {
    const asked = { question: text, filters: filters() };
    if (byId("role").value) asked.role = byId("role").value;
    if (conversation.id) asked.conversation_id = conversation.id;
    return asked;
  }

  const context = () => ({ documents: state.documents, ask: submit });

  async function submit(text) {
    if (conversation.running) return;
    const abort = new AbortController();
    conversation.running = abort;
    const { turn, heading, place } = openTurn(text);
    setRunning(true);
    announce("Searching the guidance.");
    const words = el("p", { class: "streaming", "aria-hidden": "true" });
    fill(place, el("p", { class: "searching" }, "Searching the guidance"), words);
    try {
      const answer = await askServer(body(text), (name, data) => {
        if (name !== "delta") return;
        place.querySelector(".searching")?.remove();
        words.append(data.text);
      }, abort.signal);
      conversation.id = answer.conversation_id;
      conversation.turns.push({ question: text, answer });
      fill(place, renderAnswer(answer, context()));
      announce(spoken(answer));
      keep();
    } catch (error) {
      const stopped = error.name === "AbortError";
      const words = stopped ? "Stopped." : error.message;
      fill(place, el("p", { class: "problem" }, words, " ", el("button", { type: "button", class: "link", onclick: () => {
        turn.remove();
        submit(text);
      } }, "Ask again")));
      announce(words);
    } finally {
      conversation.running = null;
      setRunning(false);
      heading.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
    }
  }

  function openTurn(text) {
    const heading = el("h2", {}, text);
    const place = el("div", {});
    const turn = el("article", { class: "turn", "aria-label": `Question: ${text}` }, heading, place);
    byId("thread").append(turn);
    byId("view-ask").classList.add("begun");
    byId("fresh").hidden = false;
    heading.scrollIntoView({ block: "start" });
    return { turn, heading, place };
  }

  function setRunning(running) {
    send.textContent = running ? "Stop" : "Ask";
    byId("fresh").disabled = running;
    question.placeholder = conversation.turns.length ? "Ask a follow-up" : "Ask a question";
  }

  // Only what anybody may read outlives the page, and only in this tab.
  function keep() {
    const turns = conversation.turns.filter((t) => t.answer.classification === "unclassified").slice(-20);
    try {
      sessionStorage.setItem(KEPT, JSON.stringify({ id: conversation.id, turns }));
    } catch {
      sessionStorage.removeItem(KEPT);
    }
  }

  function restore() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (!kept || conversation.turns.length) return;
    Object.assign(conversation, { id: kept.id, turns: kept.turns });
    for (const turn of kept.turns) fill(openTurn(turn.question).place, renderAnswer(turn.answer, context()));
    setRunning(false);
    const at = Number(sessionStorage.getItem("focal.scroll"));
    if (at) window.scrollTo(0, at);
  }

  function forget() {
    conversation.running?.abort();
    Object.assign(conversation, { id: null, turns: [] });
    sessionStorage.removeItem(KEPT);
    fill(byId("thread"));
    byId("view-ask").classList.remove("begun");
    byId("fresh").hidden = true;
    setRunning(false);
  }

  function offer({ documents, roles }) {
    const role = byId("role");
    const before = role.value;
    fill(role, el("option", { value: "" }, "For any role"));
    for (const each of roles) openOption(role, each.id, `For: ${each.short}`);
    role.value = before;
    const sorted = [...documents.values()].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
    fill(byId("document"), el("option", { value: "" }, "Add a document"));
    for (const d of sorted) openOption(byId("document"), d.id, d.symbol ? `${d.symbol}  ${d.short_title ?? d.title}` : d.title);
    fill(byId("kind"), el("option", { value: "" }, "Add a kind"));
    for (const kind of [...new Set(sorted.map((d) => d.kind))].sort()) openOption(byId("kind"), kind, kind === "sop" ? "SOP" : kind);
    fill(byId("offers"), examples(sorted));
    restore();
  }

  function examples(documents) {
    // The examples speak of what the starter notes hold; a mission's own documents answer other questions.
    const lines = documents.some((d) => d.starter)
      ? EXAMPLES.map((words) => el("li", {}, el("button", { type: "button", class: "link", onclick: () => submit(words) }, words)))
      : [...documents].sort((a, b) => (b.date ?? "").localeCompare(a.date ?? "")).slice(0, 4).map((d) =>
          el("li", {}, el("a", { href: `/documents/${encodeURIComponent(d.id)}` }, d.short_title ?? d.title),
            d.date ? el("span", { class: "meta" }, ` ${dated(d.date)}`) : null));
    if (!lines.length) return el("p", { class: "note" }, "No document has been loaded that may be read here.");
    return [el("h2", {}, documents.some((d) => d.starter) ? "For example" : "Most recent guidance"), el("ul", {}, lines)];
  }

  function choose(select, kept, shownName) {
    if (!select.value) return;
    kept.set(select.value, shownName);
    select.value = "";
    showChosen();
  }

  function showChosen() {
    const chip = (kept) => ([value, name]) => el("li", {}, el("button", { type: "button", class: "chip", "aria-label": `Remove ${name}`,
      onclick: () => { kept.delete(value); showChosen(); byId("narrow-button").focus(); } }, name, el("span", { "aria-hidden": "true" }, " ×")));
    fill(byId("chosen"), [...chosen.documents].map(chip(chosen.documents)), [...chosen.kinds].map(chip(chosen.kinds)));
    markNarrowed();
  }

  function markNarrowed() {
    const { documents, kinds, since, until } = filters();
    const count = documents.length + kinds.length + Boolean(since) + Boolean(until);
    byId("narrow-button").textContent = count ? `Narrowed (${count})` : "Narrow";
  }

  byId("document").addEventListener("change", (e) => choose(e.target, chosen.documents, nameOf(state.documents.get(e.target.value) ?? { title: e.target.value })));
  byId("kind").addEventListener("change", (e) => choose(e.target, chosen.kinds, e.target.value));
  for (const id of ["since", "until"]) byId(id).addEventListener("input", markNarrowed);
  byId("narrow-button").addEventListener("click", (event) => {
    const open = byId("narrow").hidden;
    byId("narrow").hidden = !open;
    event.target.setAttribute("aria-expanded", String(open));
  });
  byId("fresh").addEventListener("click", () => { forget(); question.focus(); announce("A new conversation."); });
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    if (conversation.running) return conversation.running.abort();
    const text = question.value.trim();
    if (!text) return;
    question.value = "";
    fit();
    submit(text);
  });
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!conversation.running) byId("ask").requestSubmit();
  });
  const fit = () => {
    question.style.height = "auto";
    question.style.height = `${Math.min(question.scrollHeight, 160)}px`;
  };
  question.addEventListener("input", fit);
  window.addEventListener("pagehide", () => sessionStorage.setItem("focal.scroll", String(Math.round(scrollY))));
  return { offer, forget };
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
