// How a citation reads and where it leads; the words are those of the other channels.

import { clean, dated, el } from "./dom.js";

const STANDING = {
  in_force: "In force", superseded: "Superseded", historical: "Historical", draft: "Draft",
  review_overdue: "Review overdue", unknown: "Standing not stated",
};

export const standingWords = (standing) => STANDING[standing] ?? standing;

export const needsCare = (standing) => !["in_force", "unknown"].includes(standing);

const titleCase = (words) => words.split(/\s+/).every((w) => /^[^a-z]*[A-Z][^A-Z]*$/.test(w) || /^[^A-Za-z]*$/.test(w));

/** Where the words stand, as UN staff write it: `S/2025/54, annex I, para. 23`. */
export function place(citation) {
  const parts = [citation.symbol || citation.title];
  if (citation.part) parts.push(titleCase(citation.part) ? citation.part.toLowerCase() : citation.part);
  if (citation.paragraph) parts.push(`para. ${citation.paragraph}`);
  else if (citation.section?.length) parts.push(`“${citation.section.at(-1)}”`);
  if (citation.page && !citation.paragraph) parts.push(`p. ${citation.page}`);
  return parts.join(", ");
}

const enc = (words) => encodeURIComponent(words).replace(/~/g, "%7E");

/** The reader's address for exact words. They stand in the fragment, which no server and no proxy sees. */
export function readerUrl(citation) {
  const [path, anchor] = String(citation.url).split("#");
  if (!path.startsWith("/documents/")) return "/";
  const words = citation.quote ?? "";
  const ends = words.length > 240 ? `${enc(words.slice(0, 100))}~${enc(words.slice(-100))}` : enc(words);
  return `${path}?passage=${enc(citation.passage_id)}#${anchor ?? ""}~${ends}`;
}

export const nameOf = (entry) => entry.symbol || entry.short_title || entry.title;

/** A badge with the standing, naming and linking the successor where it may be read. */
export function badge(standing, supersededBy, documents) {
  const successor = supersededBy ? documents?.get(supersededBy) : null;
  const by = supersededBy
    ? [" by ", el("a", { href: `/documents/${encodeURIComponent(supersededBy)}` }, successor ? nameOf(successor) : supersededBy)]
    : null;
  return el("span", { class: `badge ${standing}` }, standingWords(standing), by);
}

/** The head of what one document holds where several stand side by side. */
export const documentHead = (citation, documents) => [
  el("h3", {}, citation.symbol || citation.title),
  el("p", { class: "meta" }, citation.symbol ? `${citation.title}${citation.date ? ", " : " "}` : null,
    citation.date ? `${dated(citation.date)} ` : null, badge(citation.standing, citation.superseded_by, documents)),
];

const said = (citation) => {
  const words = [place(citation)];
  if (citation.symbol) words.push(citation.title);
  if (citation.date) words.push(dated(citation.date));
  return words.join(", ");
};

function standingSaid(citation, documents) {
  const successor = documents?.get(citation.superseded_by);
  return standingWords(citation.standing).toLowerCase() + (successor ? ` by ${nameOf(successor)}` : "");
}

/** An answer as plain text for a cable: statements, sources with symbol and paragraph, warnings, how to reproduce. */
export function cable(answer, documents) {
  const lines = [answer.answer];
  if (answer.citations.length) lines.push("", "Sources:");
  for (const c of answer.citations) {
    lines.push(`[${c.number}] ${said(c)} (${standingSaid(c, documents)})`);
    if (!answer.answer.includes(c.quote)) lines.push(`    “${c.quote.replace(/\s+/g, " ")}”`);
  }
  if (answer.notices.length) lines.push("");
  for (const notice of answer.notices) lines.push(`Note: ${notice.text}`);
  if (answer.classification !== "unclassified") lines.unshift(answer.classification.replace("_", " ").toUpperCase(), "");
  lines.push("", `Focal Point, ${dated(new Date().toISOString().slice(0, 10))}; answer ${answer.answer_id.slice(0, 8)}, index ${answer.engine.index}`);
  return clean(lines.join("\n"));
}

const MARK = /\[(\d+)\]/g;

/** Text with its markers turned into links to the exact words. */
export function withMarkers(text, citations) {
  const known = new Map(citations.map((c) => [c.number, c]));
  const found = [];
  let at = 0;
  for (const match of text.matchAll(MARK)) {
    const citation = known.get(Number(match[1]));
    if (!citation) continue;
    found.push(text.slice(at, match.index).replace(/\s+$/, "\u00a0"), marker(citation));
    at = match.index + match[0].length;
  }
  return [...found, text.slice(at)];
}

export function marker(citation) {
  const care = needsCare(citation.standing);
  const label = `Source ${citation.number}: ${place(citation)}${care ? `, ${standingWords(citation.standing).toLowerCase()}` : ""}`;
  return el("a", { class: `cite${care ? " care" : ""}`, href: readerUrl(citation), "aria-label": label, title: label },
    String(citation.number));
}

export const numbersIn = (line) => [...line.matchAll(MARK)].map((m) => Number(m[1]));
