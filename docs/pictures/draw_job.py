"""Draw ``job.svg``, the life of a job as a sequence: ``python -m docs.pictures.draw_job``.

The table `STEPS` has the steps in their order. A test runs such a job on a real server and compares
the events that its listeners receive with those in the table.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from docs.pictures.draw_house import MONO, SANS, text

LANES = (  # title, description, x of its line, colour
    ("your code", "any thread", 110, "#3565a8"),
    ("listeners", "a thread of the job", 340, "#7b4fa3"),
    ("job", "its worker thread", 570, "#1f7f86"),
    ("server", "any Gradio", 800, "#8a6a14"),
)
CODE, LISTENERS, JOB, SERVER = range(4)


class Step(NamedTuple):
    """An arrow from one lane to another, or a note on one lane.

    Attributes:
        start: The lane where the arrow begins.
        end: The lane where it ends.
        words: The text of the arrow.
        heard: The event that listeners receive; empty for other steps.
        dashed: Whether the step is optional.
    """

    start: int
    end: int
    words: str
    heard: str = ""
    dashed: bool = False


STEPS: tuple[Step, ...] = (
    Step(CODE, JOB, 'submit("/chat", ["Hi"])'),
    Step(JOB, CODE, "a Job, at once"),
    Step(JOB, LISTENERS, "pending", "status pending"),
    Step(JOB, SERVER, "files, if there are any", dashed=True),
    Step(JOB, SERVER, "join the queue"),
    Step(SERVER, JOB, "event id, position, ETA"),
    Step(JOB, LISTENERS, "pending, position 0", "status pending"),
    Step(SERVER, JOB, "starts"),
    Step(JOB, LISTENERS, "pending, position 0", "status pending"),
    Step(SERVER, JOB, "gr.Info, gr.Progress", dashed=True),
    Step(JOB, LISTENERS, "log, progress_data", dashed=True),
    Step(SERVER, JOB, "first value"),
    Step(JOB, LISTENERS, "generating", "status generating"),
    Step(JOB, LISTENERS, "data", "data"),
    Step(JOB, CODE, "next value of the loop"),
    Step(SERVER, JOB, "changes of the value"),
    Step(JOB, LISTENERS, "generating", "status generating"),
    Step(JOB, LISTENERS, "data", "data"),
    Step(JOB, CODE, "next value of the loop"),
    Step(SERVER, JOB, "completed"),
    Step(JOB, LISTENERS, "data", "data"),
    Step(JOB, LISTENERS, "complete", "status complete"),
    Step(JOB, CODE, "result(), loop ends"),
)
INSTEAD: tuple[Step, ...] = (
    Step(CODE, JOB, "cancel(), or Ctrl-C"),
    Step(JOB, CODE, "CancelledError"),
    Step(JOB, SERVER, "stop this job"),
)
TOP, ROW, WIDTH = 84, 27, 910
MIDDLE = ' text-anchor="middle"'


def arrow(step: Step, y: float) -> list[str]:
    """Return the line and text of one step; the text never covers the line of another lane."""
    x1, x2 = LANES[step.start][2], LANES[step.end][2]
    ink = LANES[step.start][3]
    dash = ' stroke-dasharray="5 4"' if step.dashed else ""
    tip = 7 if x2 < x1 else -7
    middle = (LANES[CODE][2] + LANES[LISTENERS][2] if CODE in step[:2] else x1 + x2) / 2
    width = 7.2 * len(step.words) + 6
    return [
        f'<path d="M{x1} {y:g}H{x2 + tip}" stroke="{ink}" stroke-width="1.4"{dash}/>',
        f'<path d="M{x2} {y:g}l{tip} -4v8z" fill="{ink}"/>',
        f'<path d="M{middle - width / 2:g} {y - 9:g}h{width:g}v18h-{width:g}z" fill="#fcfbf8"/>',
        text(middle, y + 4, 11.5, "#2b2b2b", step.words, f' font-family="{MONO}"{MIDDLE}'),
    ]


def drawing() -> str:
    """Return the whole picture as SVG."""
    y, shapes = float(TOP), list[str]()
    for step in STEPS:
        y += ROW
        shapes += arrow(step, y)
    y += ROW + 8
    shapes.append(f'<path d="M24 {y:g}H{WIDTH - 24}" stroke="#c9c4b8" stroke-dasharray="2 4"/>')
    shapes.append(text(28, y + 18, 11.5, "#6a6a6a", "or, at any time:"))
    y += 12
    for step in INSTEAD:
        y += ROW
        shapes += arrow(step, y)
    bottom = y + ROW
    lanes = []
    for title, what, x, ink in LANES:
        lanes += [
            f'<path d="M{x} {TOP - 6}V{bottom - 8:g}" stroke="{ink}" stroke-opacity="0.35"/>',
            text(x, 50, 14, ink, title, f' font-weight="600"{MIDDLE}'),
            text(x, 68, 11.5, "#6a6a6a", what, MIDDLE),
        ]
    box = f'viewBox="0 0 {WIDTH} {bottom:g}" width="{WIDTH}" height="{bottom:g}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-labelledby="title">',
            '<title id="title">The life of a job, from submit() to result() or cancel()</title>',
            f'<rect width="{WIDTH}" height="{bottom:g}" rx="10" fill="#fcfbf8"/>',
            f'<g font-family="{SANS}" fill="none">',
            *lanes,
            *shapes,
            "</g>",
            "</svg>",
            "",
        ]
    )


if __name__ == "__main__":
    Path(__file__).with_name("job.svg").write_text(drawing(), encoding="utf-8")
