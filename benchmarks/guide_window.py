"""How long the window of the user guide holds up the event loop: made, and then for each page and the deepest places.

Processor time of the window's thread: what another program takes from the clock is not the guide's. Beside it, reading all
pages as one document, as the guide was before it was divided.
"""

from __future__ import annotations

import json

from benchmarks.measuring import Result, fresh, median, screen

RUNS = 5
DEEP = ("panels.md#in-every-plot", "causes.md#the-learning-rate-is-too-high")
WINDOW = """
import json, sys, time
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QTest
from asl_inspector.gui import app, scheme
from asl_inspector.gui.help.look import dress
from asl_inspector.gui.help.window import GuideWindow
from asl_inspector.gui.jobs import Jobs
application = app.new_application()
scheme.apply_scheme('light')
jobs = Jobs()
def spent(work):
    start = time.thread_time(); work(); return 1000 * (time.thread_time() - start)
guides = []
made = spent(lambda: guides.append(GuideWindow(jobs)))
guide = guides[0]
made += spent(guide.go_to)
QTest.qWait(300)
places = [page.name for page in guide._pages[1:]] + sys.argv[2:]
times = {}
for place in places:
    guide.browser.go_to('README.md'); QTest.qWait(30)
    times[place] = spent(lambda: guide.browser.go_to(place))
    QTest.qWait(60)
found = spent(lambda: guide.search.setText('blank'))
text = '\\n\\n'.join((guide.browser._folder / page.name).read_text('utf-8') for page in guide._pages)
whole = QTextDocument(); whole.setTextWidth(780)
together = spent(lambda: (whole.setMarkdown(text), dress(whole), whole.size()))
guide.close(); jobs.cancel_all()
while not jobs.is_idle: QTest.qWait(10)
print(json.dumps({'made': made, 'times': times, 'search': found, 'together': together}))
"""


def measure() -> list[Result]:
    """Medians over runs; of the places the slowest."""
    found = [json.loads(fresh(WINDOW, *DEEP, environment=screen())) for _ in range(RUNS)]
    times = {place: median([one["times"][place] for one in found]) for place in found[0]["times"]}
    slowest = max(times, key=lambda place: times[place])
    made, search = median([one["made"] for one in found]), median([one["search"] for one in found])
    together = median([one["together"] for one in found])
    what = f"The window's thread while a page of the guide is opened and laid out; the slowest is {slowest}."
    rival = "all pages as one document"
    goal = "under 10 ms"
    return [
        Result("guide_page", what, times[slowest], "ms", rival, together, goal, times[slowest] < 10, RUNS),
        Result("guide_search", "A search through all pages.", search, "ms", None, None, goal, search < 10, RUNS),
        Result(
            "guide_made",
            "The guide's window is made and shown, once.",
            made,
            "ms",
            None,
            None,
            "under 50 ms",
            made < 50,
            RUNS,
        ),
    ]
