"""The web page in a real browser, against a real `focal serve`: asked, read, judged, by mouse and by keyboard alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import copy_home, focal_environment, focal_program, settings

from assistant.api.page_files import FOLDER
from assistant.bootstrap import open_home
from assistant.keys import KeyStore
from assistant.loading import load

MAX_FIRST_LOAD = 100_000
USED = ("button", "link", "textbox", "combobox", "searchbox")
CONVOY = "How many armed escort vehicles does a convoy leave with?"
HOSTILE = """\
1. The quartermaster stores turnips <img src=x onerror="window.harmed=1"> <script>window.harmed=1</script> in the
barn \u202eevil [here](javascript:window.harmed=1) and counts the turnips every Friday at noon.
"""
MANIFEST = """\
documents:
  - file: quartermaster.txt
    id: quartermaster
    title: 'Quartermaster <img src=x onerror="window.harmed=1"> rules'
    kind: sop
    standing: in_force
    date: 2025-03-04
"""

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)  # fmt: skip
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs a browser: apt-get install chromium chromium-driver"
)


@pytest.fixture(scope="module")
def manager_key(home: Path) -> str:
    return KeyStore(home / "keys.sqlite3").add("page test", manager=True)[1]


@pytest.fixture(scope="module")
def home(library_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "quartermaster.txt").write_text(HOSTILE, encoding="utf-8")
    (folder / "manifest.yaml").write_text(MANIFEST, encoding="utf-8")
    opened = open_home(settings(copy_home(library_folder, folder / "home")))
    try:
        assert [o.state for o in load(opened, [folder / "quartermaster.txt"])] == ["added"]
    finally:
        opened.close()
    return folder / "home"


@pytest.fixture(scope="module")
def url(home: Path, manager_key: str) -> Iterator[str]:
    command = [focal_program(), "serve", "--port", "0"]
    environment = focal_environment(home, FOCAL_REQUESTS_PER_MINUTE="0")
    # A pipe that nobody empties would stop the server once it is full.
    log = home / "serve.log"
    with log.open("w") as errors, subprocess.Popen(command, cwd=home, env=environment, stderr=errors) as server:
        try:
            yield address(log)
        finally:
            server.terminate()


def address(log: Path) -> str:
    """Where the server listens, once it is ready."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        if any(line["message"] == "ready" for line in lines):
            return str(next(line["url"] for line in lines if "url" in line))
        time.sleep(0.1)
    raise AssertionError(log.read_text())


class Browser:
    """A fresh browser at the page, with the few things the tests do in it."""

    def __init__(self, url: str, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1200,900"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        self.driver.set_script_timeout(15)
        self.url = url

    def run(self, script: str, *values: Any) -> Any:
        return self.driver.execute_script(f"return {script}", *values)

    def all(self, css: str) -> list[Any]:
        return list(self.driver.find_elements("css selector", css))

    def wait(self, condition: Callable[[], Any]) -> Any:
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, 15, 0.05).until(lambda _: condition())

    def see(self, css: str, count: int = 1) -> Any:
        return self.wait(lambda: (found := self.all(css)) and len(found) >= count and found)[-1]

    def text(self, css: str) -> str:
        return str(self.run("document.querySelector(arguments[0]).textContent", css))

    def open(self, path: str = "/") -> None:
        self.driver.get(self.url + path)

    def keys(self, *pressed: str) -> None:
        self.driver.switch_to.active_element.send_keys(*pressed)

    def click(self, css: str) -> None:
        self.run("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", css)
        self.all(css)[0].click()

    def ask(self, question: str) -> None:
        before = len(self.all(".answer"))
        self.all("#question")[0].send_keys(question, "\ue007")
        self.see(".answer", before + 1)

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def one_browser(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = Browser(url, tmp_path_factory.mktemp("profile"))
    yield found
    found.driver.quit()


@pytest.fixture
def browser(one_browser: Browser) -> Iterator[Browser]:
    """At the page without a conversation; afterwards nothing may stand in the console, such as a CSP violation."""
    one_browser.open()
    one_browser.run("sessionStorage.clear()")
    one_browser.open("/?fresh")
    one_browser.see("#offers li")
    yield one_browser
    assert one_browser.complaints() == []


def test_the_first_load_is_small_and_needs_no_other_site() -> None:
    files = [path for path in FOLDER.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MAX_FIRST_LOAD
    for path in files:
        words = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "://" not in words and "innerHTML" not in words and "insertAdjacentHTML" not in words, path.name


def test_what_the_browser_has_is_not_sent_again(url: str) -> None:
    first = httpx.get(f"{url}/page/style.css")
    again = httpx.get(f"{url}/page/style.css", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_an_answer_is_shown_with_its_sources_and_a_follow_up_stays_in_the_conversation(browser: Browser) -> None:
    browser.ask(CONVOY)
    assert "two armed escort vehicles" in browser.text(".prose")
    assert "FP/SOP/2024/7, para. 1" in browser.text(".sources") and "In force" in browser.text(".sources")
    assert browser.run("document.activeElement.id") == "question"
    browser.ask("And what is the speed limit on paved roads?")
    assert "60 kilometres" in browser.all(".prose")[-1].text
    browser.wait(lambda: "60 kilometres" in browser.text("#announcer"))
    assert len(browser.all(".turn")) == 2
    browser.click("#fresh")
    assert browser.all(".turn") == [] and browser.run("document.activeElement.id") == "question"


def test_a_citation_opens_the_exact_words_between_their_neighbours_and_back_again(browser: Browser) -> None:
    browser.ask(CONVOY)
    quoted = browser.run("document.querySelector('blockquote').textContent")
    browser.click(".cite")
    marked = browser.see("mark")
    assert marked.text == quoted
    box = browser.run("document.querySelector('mark').getBoundingClientRect().toJSON()")
    assert 0 < box["top"] < 900 and browser.run("scrollY") >= 0
    assert len(browser.all(".passage")) > 3
    assert browser.text(".cited .margin").endswith("1")
    assert browser.run("document.activeElement.classList.contains('cited')")
    assert "In force" in browser.text("#about") and "Departure" in browser.text("#text h2, #text h3")
    browser.driver.back()
    browser.see(".turn .prose")


def test_a_superseded_document_says_so_and_leads_to_what_replaced_it(browser: Browser) -> None:
    browser.open("/documents/convoy-sop-2019#p2")
    browser.see("mark")
    assert "Superseded by FP/SOP/2024/7" in browser.text(".banner")
    assert "Superseded by FP/SOP/2024/7" in browser.text(".cited .tools")
    browser.click(".banner a")
    browser.wait(lambda: browser.driver.current_url.endswith("/documents/convoy-sop-2024"))


def test_a_table_is_read_as_a_table_with_the_cited_row_marked(browser: Browser) -> None:
    browser.open("/documents/mission-handbook#n3~Police%20%7C%2048")
    browser.see(".passage.table tbody tr", 3)
    assert [h.text for h in browser.all(".passage.table thead th")] == ["Section", "Vehicles", "Drivers"]
    assert [m.text for m in browser.all("mark")] == ["Police", "48"]


def test_sources_that_disagree_stand_side_by_side(browser: Browser) -> None:
    browser.ask("What does JMAC stand for?")
    assert browser.text(".status") == "The sources disagree"
    first, second = browser.all(".position")
    assert abs(first.rect["y"] - second.rect["y"]) < 1 and first.rect["x"] < second.rect["x"]
    assert {"Cell", "Centre"} <= set((first.text + " " + second.text).replace("(", " ").split())


def test_what_is_not_known_is_said_without_sources(browser: Browser) -> None:
    browser.ask("Which pension plan applies to interpreters in Zanzibar?")
    assert browser.all(".sources") == []
    assert browser.text(".status") in (
        "Not found in the loaded guidance", "Outside what the loaded guidance covers",
    )  # fmt: skip


def test_filters_and_a_role_travel_with_the_question(browser: Browser) -> None:
    browser.click("#narrow-button")
    browser.run("(s => { s.value = 'convoy-sop-2019'; s.dispatchEvent(new Event('change')); })(document.all.document)")
    browser.all("#since")[0].send_keys("2019")
    assert browser.text("#narrow-button") == "Narrowed (2)"
    browser.ask(CONVOY)
    assert browser.text(".notices").startswith("Superseded.")
    assert "FP/SOP/2019/3" in browser.text(".sources") and "FP/SOP/2024/7, para" not in browser.text(".sources")
    browser.click(".chip")
    assert browser.text("#narrow-button") == "Narrowed (1)"


def test_the_answer_is_copied_ready_for_a_cable(browser: Browser) -> None:
    browser.run("navigator.clipboard.writeText = (words) => { window.copied = words; return Promise.resolve(); }")
    browser.ask(CONVOY)
    browser.click(".answer footer .quiet")
    words = browser.wait(lambda: browser.run("window.copied"))
    assert "[1] FP/SOP/2024/7, para. 1, Convoy movements, 1 May 2024 (in force)" in words
    assert words.splitlines()[-1].startswith("Focal Point, ")


def test_feedback_reaches_the_log_and_the_manager_sees_the_gap(browser: Browser, manager_key: str) -> None:
    browser.ask(CONVOY)
    browser.click("[aria-expanded=false]:not(#narrow-button)")
    browser.see(".complaint")
    browser.keys(" ")
    browser.all(".complaint textarea")[0].send_keys("an older edition")
    browser.click(".complaint .primary")
    assert "guidance manager" in browser.see(".thanks").text
    assert not browser.all("[data-view=gaps]")[0].is_displayed()
    browser.open("/#/access")
    browser.see("#key").send_keys("nonsense", "\ue007")
    browser.wait(lambda: "not valid" in browser.text("#access-state"))
    assert browser.run("sessionStorage.getItem('focal.key')") is None and browser.all(".turn") == []
    assert all("status of 401" in complaint for complaint in browser.complaints())
    browser.see("#key").send_keys(manager_key, "\ue007")
    browser.wait(lambda: browser.text("#access-state") == "The key is in use.")
    browser.wait(lambda: browser.all("[data-view=gaps]")[0].is_displayed())
    browser.click("[data-view=gaps]")
    assert CONVOY in browser.see(".gaps").text
    assert manager_key not in browser.run("JSON.stringify(localStorage) + document.cookie")


def test_the_keyboard_alone_is_enough(browser: Browser) -> None:
    browser.keys("\ue004")
    assert browser.run("document.activeElement.className") == "skip"
    browser.keys("\ue007")
    assert browser.run("document.activeElement.id") == "main"
    browser.keys("\ue004")
    assert browser.run("document.activeElement.id") == "question"
    browser.keys(CONVOY, "\ue007")
    browser.see(".answer")
    for _ in range(30):
        browser.keys("\ue008\ue004\ue008")
        if browser.run("document.activeElement.classList.contains('cite')"):
            break
    outline = browser.run("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    browser.keys("\ue007")
    browser.see("mark")


def test_everything_that_can_be_used_has_a_name(browser: Browser) -> None:
    browser.ask(CONVOY)
    browser.click("#narrow-button")
    for path in ("", "/#/briefings", "/#/documents", "/#/glossary", "/#/access", "/documents/convoy-sop-2024#p1"):
        if path:
            browser.open(path)
            browser.see("main h1")
        tree = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        used = [n for n in tree if n.get("role", {}).get("value") in USED]
        assert used and [n for n in used if not n.get("name", {}).get("value")] == [], path


def test_markup_in_a_document_is_only_words(browser: Browser) -> None:
    browser.ask("What does the quartermaster store in the barn?")
    assert "<script>window.harmed=1</script>" in browser.text(".answer")
    browser.click(".cite")
    browser.see("mark")
    assert '<img src=x onerror="window.harmed=1">' in browser.text("#about h1")
    assert "\u202e" not in browser.text("body")
    assert browser.all("main img, main script, a[href^=javascript]") == []
    assert browser.run("window.harmed ?? null") is None


def test_a_briefing_is_composed_and_prints_without_the_page_around_it(browser: Browser) -> None:
    browser.open("/#/briefings")
    browser.see(".roles li")
    browser.click(".roles a")
    assert browser.see(".briefing h1").text
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert not browser.all(".bar")[0].is_displayed() and browser.all(".briefing h1")[0].is_displayed()
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_an_abbreviation_shows_all_that_it_stands_for_and_leads_to_each_place(browser: Browser) -> None:
    browser.open("/#/glossary")
    browser.see(".glossary tbody tr")
    browser.all("#view-glossary input")[0].send_keys("jmac")
    rows = browser.wait(lambda: len(found := browser.all(".glossary tbody tr")) == 2 and found)
    assert ["Cell" in row.text or "Centre" in row.text for row in rows] == [True, True]
    assert browser.text("#view-glossary [role=status]").startswith("1 of ")
    browser.click(".glossary a")
    assert "JMAC" in browser.see("mark").text


def test_nothing_is_wider_than_a_phone(browser: Browser) -> None:
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.ask("What does JMAC stand for?")
        for path in ("", "/#/documents", "/#/glossary", "/#/briefings", "/documents/mission-handbook#n3"):
            if path:
                browser.open(path)
                browser.see("main h1")
            assert browser.run("document.documentElement.scrollWidth") <= 360, path
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
