"""Slack messages as a small web page, to look at their layout: `python -m bot.preview MESSAGES.json > page.html`."""

from __future__ import annotations

import html
import json
import sys
from pathlib import Path
from typing import Any

STYLE = """
body{font:15px/1.46 Lato,"Helvetica Neue",Arial,sans-serif;color:#1d1c1d;background:#f4f4f4;margin:0;padding:16px}
.phone{max-width:390px}.desk{max-width:680px}.m{background:#fff;border:1px solid #ddd;border-radius:8px;padding:12px;
margin:0 0 14px}.who{font-weight:900;margin-bottom:4px}.who small{font-weight:400;color:#616061}
.rt{white-space:pre-wrap;margin:4px 0}
.q{border-left:4px solid #ddd;padding-left:10px;margin:4px 0 8px;white-space:pre-wrap}
a{color:#1264a3;text-decoration:none}.alert{border-radius:6px;padding:8px 10px;margin:4px 0 8px;background:#e8f5fa}
.warning{background:#fdf3d8;border-left:4px solid #ecb22e}.ctx{font-size:12px;color:#616061;margin:4px 0}
.box{border:1px solid #ddd;border-radius:6px;padding:8px 10px;margin:8px 0}.box b.t{display:block;margin-bottom:4px}
button{font:700 13px Arial;border:1px solid #bbb;background:#fff;border-radius:4px;padding:5px 10px;margin:4px 6px 0 0}
.note{font-size:12px;color:#616061;margin:14px 0 4px}.push{background:#222;color:#fff;border-radius:12px;padding:10px;
white-space:pre-wrap;font-size:13px;max-height:5.6em;overflow:hidden}ul{margin:4px 0;padding-left:22px}
h3{margin:6px 0;font-size:17px}
"""


def page(messages: list[dict[str, Any]], width: str = "phone") -> str:
    """Messages of `{text, blocks}` as Slack lays them out, and as the notification shows the first."""
    shown = "".join(
        f'<div class="m"><div class="who">Focal Point <small>APP 09:41</small></div>{_all(m["blocks"])}</div>'
        for m in messages
    )
    push = html.escape(html.unescape(messages[0]["text"])) if messages else ""
    return (
        f'<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{STYLE}'
        f'</style><div class="{width}"><p class="note">Notification</p><div class="push">{push}</div>'
        f'<p class="note">Message</p>{shown}</div>'
    )


def _all(blocks: list[dict[str, Any]]) -> str:
    return "".join(_block(block) for block in blocks)


def _block(block: dict[str, Any]) -> str:
    kind = block["type"]
    if kind == "rich_text":
        return "".join(_part(part) for part in block["elements"])
    if kind == "container":
        return f'<div class="box"><b class="t">▾ {_words(block["title"])}</b>{_all(block["child_blocks"])}</div>'
    if kind == "alert":
        return f'<div class="alert {block["level"]}">{_words(block["text"])}</div>'
    if kind == "header":
        return f"<h3>{_words(block['text'])}</h3>"
    if kind == "section":
        return f'<div class="rt">{_words(block["text"])}</div>'
    if kind == "context":
        return f'<div class="ctx">{" ".join(_words(element) for element in block["elements"])}</div>'
    return f"<div>{''.join(_element(element) for element in block.get('elements', ()))}</div>"


def _part(part: dict[str, Any]) -> str:
    if part["type"] == "rich_text_list":
        return "<ul>" + "".join(f"<li>{_rich(item['elements'])}</li>" for item in part["elements"]) + "</ul>"
    return f'<div class="{"q" if part["type"] == "rich_text_quote" else "rt"}">{_rich(part["elements"])}</div>'


def _rich(elements: list[dict[str, Any]]) -> str:
    out = ""
    for element in elements:
        words = html.escape(element.get("text") or element.get("user_id", ""))
        if element["type"] == "link":
            words = f'<a href="{html.escape(element["url"])}">{words}</a>'
        out += f"<b>{words}</b>" if element.get("style", {}).get("bold") else words
    return out


def _element(element: dict[str, Any]) -> str:
    if element["type"] == "feedback_buttons":
        return "<button>👍</button><button>👎</button>"
    words = element.get("text") or element.get("placeholder") or {"text": ""}
    return f"<button>{_words(words)}</button>"


def _words(text: dict[str, Any]) -> str:
    return html.escape(text["text"])


if __name__ == "__main__":
    sys.stdout.write(page(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), *sys.argv[2:3]))
