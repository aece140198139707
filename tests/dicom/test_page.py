"""The page of a run, as a real browser shows it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, cast

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By

from cursorkit.dicom.amounts import size
from cursorkit.dicom.instances import Instance
from cursorkit.dicom.page import MOST_FILES
from cursorkit.dicom.reports import blocks
from cursorkit.dicom.results import Result, State
from stored_runs import BEGAN, CONFLICT, REFUSED, ledger_of, result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import NoReturn

    from cursorkit.dicom.ledger import Ledger

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOSTILE = [
    "<script>document.title = 'run'</script>",
    "<img src=x onerror=\"document.title = 'run'\">",
    "</table></section><h1>mine</h1>",
    "\"quotes\" 'and' &lt;entities&gt; & more",
    "scan\u202egnp.mcd",
    "שלום עולם.dcm",
    "two\nlines\tand a tab\x00\x1b[31m",
    "odd bytes \udcff\udc80.dcm",
    "<svg><style>*{display:none}</style></svg>",
    "http://example.invalid/a.png",
    f"/{'x' * 500}/its end.dcm",
]


class Browser:
    """Chromium, and the page that it shows."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def show(self, page: Path, wide: int = 1280, scheme: str = "light", media: str = "screen") -> None:
        """Open a page anew, as wide as that, in light or dark, on a screen or on paper."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        metrics = {"width": wide, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self._log("browser")
        self._log("performance")
        self.driver.get(page.as_uri())

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        return self.driver.execute_script(f"return {expression}")

    def texts(self, selector: str) -> list[str]:
        """What people read in the elements that a selector finds."""
        return [each.text for each in self.driver.find_elements(By.CSS_SELECTOR, selector)]

    def events(self, method: str) -> list[dict[str, Any]]:
        """What happened on the network, of one kind (Chrome DevTools Protocol, Network)."""
        events = [json.loads(each["message"])["message"] for each in self._log("performance")]
        return [each["params"] for each in events if each["method"] == method]

    def complaints(self) -> list[str]:
        """What it wrote to its console."""
        return [each["message"] for each in self._log("browser")]

    def _log(self, kind: str) -> list[dict[str, str]]:
        """What is new in a log."""
        return cast("list[dict[str, str]]", self.driver.execute("getLog", {"type": kind})["value"])


@pytest.fixture(scope="session")
def browser(absent: Callable[[str], NoReturn], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests; it goes to no address but those of files."""
    program = shutil.which("chromium") or absent("chromium")
    driver = shutil.which("chromedriver") or absent("chromedriver")
    options = ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("no_proxy", "localhost")
        chrome = Chrome(options, ChromeService(executable_path=driver))
    try:
        yield Browser(chrome)
    finally:
        chrome.quit()


def run() -> Iterator[Result]:
    """400 files in 100 seconds, of which 90 need attention."""
    for number in range(400):
        place = number % 40
        state = State.REFUSED if place < 8 else State.CONFLICT if place == 8 else State.STORED
        modality = "MR" if place % 4 == 3 else "CT"
        yield result(number, state, number / 4, modality)
    yield Result("notes.txt", State.SKIPPED, "it is no DICOM file", octets=11, at=BEGAN + 100)


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    with ledger_of(run()) as made:
        yield made


def written(ledger: Ledger, path: Path) -> Path:
    path.write_bytes(b"".join(blocks(ledger, ".html", where="pacs.example.org")))
    return path


@pytest.fixture(scope="module")
def page(ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of that run."""
    return written(ledger, tmp_path_factory.mktemp("page") / "run.html")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run in which everything that others write is hostile."""
    instance = Instance("1", "2", HOSTILE[0], "4", HOSTILE[1], "5")
    kept = [Result(name, State.REFUSED, name, name, 0xA900, instance, at=BEGAN + 1) for name in HOSTILE]
    with ledger_of(kept) as made:
        path = tmp_path_factory.mktemp("hostile") / "run.html"
        path.write_bytes(b"".join(blocks(made, ".html", where=HOSTILE[0])))
        return path


def test_it_says_what_the_run_came_to(browser: Browser, page: Path) -> None:
    browser.show(page)
    assert browser.driver.title == "DICOM instances stored"
    assert browser.texts("h1") == ["DICOM instances stored"]
    assert browser.texts("h2") == [
        "Results",
        "Modalities",
        "Rate over time",
        "What is left to do",
        "Files that need attention",
    ]
    assert browser.texts(".verdict") == ["90 of 401 files need attention."]
    assert browser.texts(".facts dd") == [
        "pacs.example.org",
        "2026-11-24 19:02:38 UTC",
        "2026-11-24 19:04:18 UTC",
    ]
    assert browser.texts(".tiles strong") == ["401", "310", "90", "1 min 40 s"]
    assert browser.texts(".tiles span")[-1] == "3.10 instances/s, 470 kB/s"


def test_its_numbers_are_those_of_the_ledger(browser: Browser, page: Path, ledger: Ledger) -> None:
    browser.show(page)
    found = {row.split()[0]: row for row in browser.texts("#results tbody tr")}
    totals = ledger.by_state()
    assert found == {
        state.value: f"{state.value} {total.files:,} {size(total.octets)}" for state, total in totals.items()
    }
    assert browser.texts("#results tfoot tr") == ["Together 401 60.0 MB"]
    modalities = [f"{name} {total.files} {size(total.octets)}" for name, total in ledger.by_modality()]
    assert browser.texts("#modalities tbody tr") == modalities


def test_it_tells_what_is_left_to_do(browser: Browser, page: Path, ledger: Ledger) -> None:
    browser.show(page)
    cells = [row.find_elements(By.TAG_NAME, "td") for row in rows(browser, "#reasons")]
    assert [[cell.text for cell in row] for row in cells] == [
        ["80", "refused", *REFUSED, "/archive/000000.dcm"],
        ["10", "conflict", *CONFLICT, "/archive/000008.dcm"],
    ]
    assert len(rows(browser, "#files")) == 90
    first = next(ledger.unsettled())
    assert first.instance is not None
    assert browser.texts("#files tbody tr:first-child > *") == [
        f"{first.name}\n{first.instance.sop_instance}",
        "refused",
        *REFUSED,
    ]


def rows(browser: Browser, section: str) -> list[Any]:
    return browser.driver.find_elements(By.CSS_SELECTOR, f"{section} tbody tr")


def boxes(browser: Browser, chart: str) -> list[dict[str, float]]:
    """The places of the bars of a chart, in pixels of the screen."""
    script = (
        f"Array.from(document.querySelectorAll('#{chart} rect'), bar => bar.getBoundingClientRect().toJSON())"
    )
    return cast("list[dict[str, float]]", browser.ask(script))


@pytest.mark.parametrize("wide", [360, 1280])
def test_bars_are_as_long_as_the_numbers_are_large(
    browser: Browser, page: Path, ledger: Ledger, wide: int
) -> None:
    browser.show(page, wide)
    whole = browser.ask("document.querySelector('#chart-results').getBoundingClientRect().width")
    bars = boxes(browser, "chart-results")
    files = [total.files for total in ledger.by_state().values()]
    # The axis ends with 400, the first round number above 310.
    assert [bar["width"] for bar in bars] == [pytest.approx(whole * each / 400, abs=0.1) for each in files]
    assert {bar["left"] for bar in bars} == {bars[0]["left"]}
    assert browser.texts("#chart-results .tick") == ["0", "100", "200", "300", "400"]
    first, second = boxes(browser, "chart-modalities")
    assert first["width"] / second["width"] == pytest.approx(300 / 100, abs=0.01)


def test_columns_are_as_tall_as_the_rate_was(browser: Browser, page: Path, ledger: Ledger) -> None:
    browser.show(page)
    slots = ledger.by_time(2)
    assert browser.texts("#rate p") == ["From the beginning of the run, in steps of 2 s."]
    columns = boxes(browser, "chart-instances")
    tallest = max(columns, key=lambda each: each["height"])["height"]
    most = max(total.files for total in slots.values())
    assert [each["height"] / tallest for each in columns] == [
        pytest.approx(slots[place].files / most if place in slots else 0, abs=0.01) for place in range(50)
    ]
    assert len({round(each["bottom"]) for each in columns}) == 1
    assert browser.texts("#chart-instances .unit") == ["instances/s"]
    assert browser.texts("#chart-octets .unit") == ["MB/s"]
    assert browser.texts("#chart-instances .tick.end")[:3] == ["0", "1", "2"]


def test_charts_have_names_and_words_in_place_of_them(browser: Browser, page: Path) -> None:
    browser.show(page)
    charts = browser.driver.find_elements(By.CSS_SELECTOR, "svg")
    assert [each.aria_role for each in charts] == ["image"] * 4
    assert charts[0].accessible_name == (
        "Files by result stored: 310 files; skipped: 1 file; refused: 80 files; conflict: 10 files"
    )
    assert charts[2].accessible_name.startswith("Instances stored per second ")
    assert browser.ask("document.documentElement.lang") == "en"
    assert browser.ask("document.querySelectorAll('table:not(:has(caption))').length") == 0
    assert browser.ask("document.querySelectorAll('th:not([scope])').length") == 0


@pytest.mark.parametrize("wide", [360, 1280])
@pytest.mark.parametrize("name", ["page", "hostile"])
def test_nothing_is_wider_than_the_screen(
    browser: Browser, request: pytest.FixtureRequest, name: str, wide: int
) -> None:
    browser.show(request.getfixturevalue(name), wide)
    assert browser.ask("window.innerWidth") == wide
    assert browser.ask("document.documentElement.scrollWidth") <= wide
    script = """(() => Array.from(document.querySelectorAll('body *'))
        .filter(each => each.getBoundingClientRect().right > window.innerWidth + 0.5)
        .map(each => each.outerHTML.slice(0, 200)))()"""
    assert browser.ask(script) == []


def test_hostile_names_are_text_and_run_nothing(browser: Browser, hostile: Path) -> None:
    browser.show(hostile)
    assert browser.driver.title == "DICOM instances stored"
    assert browser.texts("h1") == ["DICOM instances stored"]
    assert browser.ask("document.querySelectorAll('script, img, iframe, object, bdi *').length") == 0
    assert browser.ask("document.querySelectorAll('#files tbody tr').length") == len(HOSTILE)
    shown = [each.split("\n")[0] for each in browser.texts("#files tbody th")]
    assert shown == [
        *HOSTILE[:4],
        "scan\\u202egnp.mcd",
        HOSTILE[5],
        "two\\nlines\\tand a tab\\x00\\x1b[31m",
        "odd bytes \\udcff\\udc80.dcm",
        *HOSTILE[8:10],
        f"…{HOSTILE[10][-399:]}",
    ]
    assert browser.texts(".facts dd")[0] == HOSTILE[0]


@pytest.mark.parametrize("name", ["page", "hostile"])
def test_it_asks_for_nothing_and_nothing_is_wrong_with_it(
    browser: Browser, request: pytest.FixtureRequest, name: str
) -> None:
    page = request.getfixturevalue(name)
    browser.show(page)
    asked = browser.events("Network.requestWillBeSent")
    assert [each["request"]["url"] for each in asked] == [page.as_uri()]
    assert browser.complaints() == []


def test_no_other_style_or_image_would_be_let_in(browser: Browser, page: Path, tmp_path: Path) -> None:
    """The policy of the page holds even where something should have come through."""
    through = tmp_path / "through.html"
    added = b"<script>document.title = 'run'</script><img src='https://example.invalid/a.png'><style>h1{top:0}</style>"
    through.write_bytes(page.read_bytes().replace(b"<main>", b"<main>" + added))
    browser.show(through)
    assert browser.driver.title == "DICOM instances stored"
    assert [each["blockedReason"] for each in browser.events("Network.loadingFailed")] == ["csp"]
    assert len([each for each in browser.complaints() if "Content Security Policy" in each]) == 3


@pytest.mark.parametrize(
    ("scheme", "media", "ground", "text"),
    [("light", "screen", 240, 40), ("dark", "screen", 25, 230), ("dark", "print", 250, 0)],
)
def test_it_is_dark_in_the_dark_but_not_on_paper(
    browser: Browser, page: Path, scheme: str, media: str, ground: int, text: int
) -> None:
    browser.show(page, scheme=scheme, media=media)
    for name, expected in (("backgroundColor", ground), ("color", text)):
        colour = cast("str", browser.ask(f"getComputedStyle(document.body).{name}"))
        brightness = sum(map(int, colour.strip("rgb()").split(","))) / 3
        assert brightness == pytest.approx(expected, abs=15)


def contrast(first: Iterable[float], second: Iterable[float]) -> float:
    """The contrast of two colours (WCAG 2.2, 1.4.3)."""

    def luminance(colour: Iterable[float]) -> float:
        parts = [each / 255 for each in colour]
        red, green, blue = (
            each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground(browser: Browser, page: Path, scheme: str) -> None:
    browser.show(page, scheme=scheme)
    script = """(() => {
        const ground = each => {
            for (; each; each = each.parentElement) {
                const colour = getComputedStyle(each).backgroundColor;
                if (colour !== 'rgba(0, 0, 0, 0)') return colour;
            }
        };
        const words = document.querySelectorAll('h1, h2, .verdict, dt, dd span, th, td, text, footer p');
        const colour = each => getComputedStyle(each)[each.tagName === 'text' ? 'fill' : 'color'];
        return [...new Set(Array.from(words, each => `${colour(each)};${ground(each)}`))];
    })()"""
    for pair in browser.ask(script):
        text, ground = ([float(part) for part in each.strip("rgb()").split(",")] for each in pair.split(";"))
        assert contrast(text, ground) >= 4.5, pair


def test_of_very_many_files_a_part_is_shown(browser: Browser, tmp_path: Path) -> None:
    with ledger_of(result(number, State.REFUSED) for number in range(20_000)) as ledger:
        path = written(ledger, tmp_path / "many.html")
    assert path.stat().st_size < 1_000_000
    browser.show(path)
    assert browser.ask("document.querySelectorAll('#files tbody tr').length") == MOST_FILES
    assert browser.texts("#files .rest") == [
        "There are 19,000 more. Reports in JSON lines or CSV tell of all files."
    ]
    assert browser.texts("#reasons tbody tr td:first-child") == ["20,000"]


def test_when_all_is_well_nothing_is_left_to_do(browser: Browser, tmp_path: Path) -> None:
    with ledger_of([result(1, at=2), Result("notes.txt", State.SKIPPED, at=BEGAN + 2)]) as ledger:
        path = written(ledger, tmp_path / "well.html")
    browser.show(path)
    assert browser.texts(".verdict") == ["All is done."]
    assert browser.texts("h2") == ["Results", "Modalities", "Rate over time"]
