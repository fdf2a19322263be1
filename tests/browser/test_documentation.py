"""The documentation in a real browser: every page opens whole, fits a telephone, and search finds every public name.

`make docs` builds the pages first. Requests that leave this machine are refused: a page must not need them, except for
the script that sets formulas, whose absence leaves their source text.
"""

import functools
import html.parser
import http.server
import shutil
import threading
import urllib.parse
from pathlib import Path

import pytest

import fdgm

sync_api = pytest.importorskip("playwright.sync_api")

HTML = Path(__file__).parents[2] / "docs" / "_build" / "html"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not (HTML / "index.html").exists(), reason="`make docs` has not built the pages"),
]

PAGES = [
    "index.html",
    "get_started.html",
    "auto_examples/index.html",
    "auto_examples/plot_ring_particles.html",
    "api.html",
    "api/estimators.html",
    "generated/benchmarks.html",
    "how_to/sample.html",
    "how_to/tables.html",
    "how_to/refine.html",
]
WIDE, TELEPHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
FORMULAS = "cdn.jsdelivr.net"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


@pytest.fixture(scope="module")
def site():
    """Address of the built pages."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=HTML)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.fixture
def opened(browser, site):
    """Opens a page, and gives it with what went wrong on it."""
    contexts = []

    def open_page(path, viewport=WIDE, scheme="light"):
        context = browser.new_context(viewport=viewport, color_scheme=scheme)
        contexts.append(context)
        page, wrong = context.new_page(), []
        page.route("**/*", lambda route: route.continue_() if route.request.url.startswith(site) else route.abort())
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
        page.on("response", lambda r: wrong.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        page.on("console", lambda m: wrong.append(f"{m.text} {m.location['url']}") if m.type == "error" else None)
        page.goto(f"{site}/{path}", wait_until="load")
        return page, wrong

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("viewport", [WIDE, TELEPHONE], ids=["wide", "telephone"])
def test_a_page_opens_without_errors_and_with_all_of_its_pictures(opened, path, viewport, scheme):
    page, wrong = opened(path, viewport, scheme)
    page.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    missing = page.evaluate("[...document.images].filter(i => i.naturalWidth == 0).map(i => i.src)")
    assert missing == []
    assert [w for w in wrong if FORMULAS not in w] == []


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_a_telephone(opened, path):
    page, _ = opened(path, TELEPHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= TELEPHONE["width"]


#: Contrast of two colours as WCAG 2.2 defines it, for each paragraph of the article; 4.5 is its level AA.
CONTRAST = """
() => {
  const light = c => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => .2126 * light(r) + .7152 * light(g) + .0722 * light(b);
  const rgba = text => text.match(/[\\d.]+/g).map(Number);
  const ground = node => {
    for (let n = node; n; n = n.parentElement) {
      const c = rgba(getComputedStyle(n).backgroundColor);
      if (c.length < 4 || c[3] == 1) return c;
    }
    return rgba(getComputedStyle(document.body).backgroundColor);
  };
  return [...document.querySelectorAll('article p, article li, article td')].filter(n => n.innerText).map(n => {
    const [a, b] = [luminance(rgba(getComputedStyle(n).color)), luminance(ground(n))];
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  });
}
"""


@pytest.mark.parametrize("path", PAGES)
def test_text_stands_out_from_its_ground(opened, path, scheme):
    page, _ = opened(path, scheme=scheme)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    contrasts = page.evaluate(CONTRAST)
    assert contrasts
    assert min(contrasts) >= 4.5


class Links(html.parser.HTMLParser):
    """What a page refers to, and the places in it that others can refer to."""

    def __init__(self, page):
        super().__init__()
        self.targets, self.places = set(), set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.targets |= {found[name] for name in ("href", "src") if found.get(name)}
        self.places |= {found[name] for name in ("id", "name") if found.get(name)}


def test_every_link_inside_leads_somewhere():
    pages = {
        path.resolve(): Links(path.read_text(encoding="utf-8"))
        for path in HTML.rglob("*.html")
        if "_static" not in path.parts
    }
    broken = []
    for page, links in pages.items():
        for address in map(urllib.parse.urlsplit, links.targets):
            if address.scheme or address.netloc:
                continue
            target = (page.parent / urllib.parse.unquote(address.path)).resolve() if address.path else page
            place = urllib.parse.unquote(address.fragment)
            if not target.exists() or (target in pages and place and place not in pages[target].places):
                broken.append(f"{page.relative_to(HTML)}: {address.geturl()}")
    assert broken == []


def test_search_finds_every_public_name(opened):
    page, _ = opened("search.html")
    page.wait_for_function("typeof Search !== 'undefined' && Search.hasIndex()")
    for name in fdgm.__all__:
        found = page.evaluate(
            """name => {
                const q = Search._parseQuery(name);
                return Search._performSearch(...q).map(result => result[1] + ' ' + result[0]);
            }""",
            name,
        )
        assert any(name in title for title in found), name


def test_the_side_bar_of_the_reference_does_not_break_names(opened):
    page, _ = opened("api/measures_and_data.html")
    heights = page.evaluate(
        """() => [...document.querySelectorAll('.bd-sidebar-primary li > a')].filter(a => a.offsetHeight).map(a => {
            const range = document.createRange();
            range.selectNodeContents(a);
            const lines = new Set([...range.getClientRects()].map(r => Math.round(r.top)));
            return [a.innerText, lines.size];
        })"""
    )
    assert heights
    names = [text for text, lines in heights if lines > 1 and " " not in text]
    assert names == []
