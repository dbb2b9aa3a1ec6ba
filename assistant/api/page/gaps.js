// For guidance managers: what was asked and could not be answered.

import { get } from "./api.js";
import { STATUS } from "./answer.js";
import { dated, el, fill, plural } from "./dom.js";

export async function showGaps(view) {
  const head = [el("h1", { tabindex: "-1" }, "Knowledge gaps"),
    el("p", { class: "lead" }, "Questions the loaded guidance did not answer, those that mean the same counted together.")];
  try {
    const { gaps } = await get("/v1/gaps");
    fill(view, head, gaps.length ? el("ol", { class: "gaps" }, gaps.map(entry)) : el("p", { class: "note" }, "Nothing so far."));
  } catch (error) {
    fill(view, head, el("p", { class: "problem" }, error.message));
  }
}

const entry = (gap) => el("li", {},
  el("p", { class: "where" }, gap.questions[0]),
  el("p", { class: "meta" }, `${STATUS[gap.status] ?? gap.status} · asked ${plural(gap.times, "time")}, last on ${dated(gap.last_asked)}`,
    gap.complaints ? ` · ${plural(gap.complaints, "complaint")}` : ""),
  gap.questions.length > 1 ? el("details", {}, el("summary", {}, "Other wordings"),
    el("ul", {}, gap.questions.slice(1).map((q) => el("li", {}, q)))) : null);
