// One answer: what it says, how far it holds, where it stands, and what one can do with it.

import { post } from "./api.js";
import { badge, cable, documentHead, numbersIn, place, readerUrl, withMarkers } from "./cite.js";
import { announce, copy, dated, el, fill, plural } from "./dom.js";

export const STATUS = {
  answered: "Answered",
  answered_with_caveat: "Answered, with a caveat",
  sources_disagree: "The sources disagree",
  not_found: "Not found in the loaded guidance",
  out_of_scope: "Outside what the loaded guidance covers",
  needs_clarification: "The question needs more detail",
};
const NOTICE = { superseded: "Superseded", historical: "Historical", draft: "Draft", review_overdue: "Review overdue" };
const REASONS = ["Wrong document", "Out of date", "Incomplete", "Not what I asked", "Hard to understand"];

/** `context`: documents by id, and `ask(question)` for suggestions that are questions. */
export function renderAnswer(answer, context) {
  return el("div", { class: `answer ${answer.status}` },
    statusLine(answer),
    answer.notices.length ? notices(answer.notices) : null,
    answer.status === "sources_disagree" ? sideBySide(answer, context) : prose(answer),
    suggestions(answer, context),
    answer.citations.length ? sources(answer, context) : null,
    answer.citations.length || answer.status === "not_found" ? actions(answer, context) : null,
  );
}

/** What somebody who cannot see the page should hear first. */
export function spoken(answer) {
  const warned = answer.notices.map((n) => n.text).join(" ");
  const words = answer.answer.replace(/\s*\[\d+\]/g, "");
  return `${STATUS[answer.status]}, ${plural(answer.citations.length, "source")}. ${warned} ${words}`;
}

const statusLine = (answer) =>
  answer.status === "answered" ? null : el("p", { class: "status" }, STATUS[answer.status] ?? answer.status);

export const notices = (found) =>
  el("ul", { class: "notices", "aria-label": "Before you rely on this" }, found.map((n) =>
    el("li", { class: n.kind }, NOTICE[n.kind] ? el("strong", {}, `${NOTICE[n.kind]}. `) : null, n.text)));

const lines = (answer) => answer.answer.split("\n").filter((line) => line.trim());

function prose(answer) {
  const parts = [];
  for (const line of lines(answer)) {
    const item = /^\s*(?:[-–•*▪]|\([a-z0-9]{1,3}\))\s+/.exec(line);
    if (!item) parts.push(el("p", {}, withMarkers(line, answer.citations)));
    else {
      if (parts.at(-1)?.tagName !== "UL") parts.push(el("ul"));
      const words = line.slice(item[0].includes("(") ? 0 : item[0].length);
      parts.at(-1).append(el("li", {}, withMarkers(words, answer.citations)));
    }
  }
  return el("div", { class: "prose" }, parts);
}

/** Positions under the document that holds them; lines without a source introduce them. */
function sideBySide(answer, { documents }) {
  const byNumber = new Map(answer.citations.map((c) => [c.number, c]));
  const intro = [];
  const positions = new Map();
  for (const line of lines(answer)) {
    const citation = byNumber.get(numbersIn(line)[0]);
    if (!citation) intro.push(el("p", {}, line));
    else positions.set(citation.document_id, [...(positions.get(citation.document_id) ?? []), [line, citation]]);
  }
  const cards = [...positions.values()].map((held) => {
    const citation = held[0][1];
    return el("div", { class: "position", role: "group", "aria-label": citation.symbol || citation.title },
      documentHead(citation, documents),
      held.map(([line]) => el("p", {}, withMarkers(line, answer.citations))));
  });
  return el("div", { class: "prose" }, intro, el("div", { class: "positions" }, cards));
}

function suggestions(answer, { documents, ask }) {
  if (!answer.suggestions.length) return null;
  const named = new Map([...documents.values()].flatMap((d) =>
    [d.id, d.symbol, d.title, d.short_title].filter(Boolean).map((name) => [name, d])));
  const offer = (words) => {
    const found = named.get(words) ?? [...named].find(([name]) => name.length > 8 && words.includes(name))?.[1];
    if (found) return el("a", { href: `/documents/${encodeURIComponent(found.id)}` }, words);
    return words.trim().endsWith("?") ? el("button", { type: "button", class: "link", onclick: () => ask(words) }, words) : words;
  };
  return el("div", { class: "suggestions" },
    el("h3", {}, answer.citations.length ? "See also" : "Nearest guidance"),
    el("ul", {}, answer.suggestions.map((words) => el("li", {}, offer(words)))));
}

function sources(answer, { documents }) {
  return el("div", { class: "sources" },
    el("h3", {}, "Sources"),
    el("ol", {}, answer.citations.map((c) =>
      el("li", {},
        el("span", { class: "number", "aria-hidden": "true" }, String(c.number)),
        el("div", {},
          el("p", { class: "where" }, el("a", { href: readerUrl(c), "data-source": c.number }, place(c)), " ",
            badge(c.standing, c.superseded_by, documents)),
          el("p", { class: "meta" }, [c.symbol ? c.title : null, c.date ? dated(c.date) : null].filter(Boolean).join(", "),
            c.section.length ? ` · ${c.section.join(" › ")}` : ""),
          el("details", {}, el("summary", {}, "Exact words"), el("blockquote", {}, c.quote)))))));
}

function actions(answer, { documents }) {
  const after = el("div", { class: "after" });
  const copied = el("button", { type: "button", class: "quiet", onclick: async () => {
    await copy(cable(answer, documents));
    copied.textContent = "Copied";
    announce("Copied with its citations.");
    setTimeout(() => { copied.textContent = "Copy with citations"; }, 2500);
  } }, "Copy with citations");
  const row = el("div", { class: "actions" },
    answer.citations.length ? copied : null,
    el("span", { class: "verdict", role: "group", "aria-label": "Was this helpful?" },
      el("button", { type: "button", class: "quiet", onclick: () => judge(answer, "up", {}, after, row) }, "Helpful"),
      el("button", { type: "button", class: "quiet", "aria-expanded": "false", onclick: (event) => {
        event.currentTarget.setAttribute("aria-expanded", "true");
        complain(answer, after, row);
      } }, "Not helpful")),
    made(answer));
  return el("footer", {}, row, after);
}

function made(answer) {
  const { engine, timing_ms: timing } = answer;
  const total = Math.round(Object.values(timing).reduce((sum, ms) => sum + ms, 0));
  const rows = [["Written by", engine.model ?? engine.answerer], ["Confidence", `${Math.round(answer.confidence * 100)}%`],
    ["Index", engine.index], ["Answer", answer.answer_id], ["Time", `${total} ms`],
    ["Classification", answer.classification.replaceAll("_", " ")]];
  return el("details", { class: "made" }, el("summary", {}, "How it was made"),
    el("dl", {}, rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
}

function complain(answer, after, row) {
  const name = `reason-${answer.answer_id}`;
  const comment = el("textarea", { rows: "2", maxlength: "2000", id: `comment-${answer.answer_id}` });
  const form = el("form", { class: "complaint", onsubmit: (event) => {
    event.preventDefault();
    const reason = new FormData(form).get(name);
    judge(answer, "down", { reason, comment: comment.value.trim() || null }, after, row);
  } },
    el("fieldset", {}, el("legend", {}, "What was wrong?"), REASONS.map((reason) =>
      el("label", {}, el("input", { type: "radio", name, value: reason.toLowerCase() }), reason))),
    el("label", { for: comment.id }, "Anything to add? No names, please."), comment,
    el("button", { class: "primary", type: "submit" }, "Send"));
  fill(after, form);
  form.querySelector("input").focus();
}

async function judge(answer, verdict, more, after, row) {
  try {
    await post("/v1/feedback", { answer_id: answer.answer_id, verdict, ...more });
  } catch (error) {
    fill(after, el("p", { class: "problem" }, error.message));
    return;
  }
  const hadFocus = row.parentNode.contains(document.activeElement);
  row.querySelector(".verdict").remove();
  const thanks = el("p", { class: "thanks", tabindex: "-1" }, verdict === "up" ? "Thank you." : "Thank you; the guidance manager will see this.");
  fill(after, thanks);
  if (hadFocus) thanks.focus();
  announce("Thank you for your feedback.");
}
