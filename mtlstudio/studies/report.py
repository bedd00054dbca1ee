"""The report of a study of baselines: one self-contained HTML page, and a table as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from html import escape

from mtlstudio.base.texts import language, tr
from mtlstudio.studies.answer import Answer, Costs, Verdict
from mtlstudio.studies.figure import Bar, gains_figure
from mtlstudio.studies.words import (
    PER_METRIC,
    PER_TASK,
    VERDICTS,
    between,
    environment_line,
    headline,
    mean_sd,
    method_line,
    number,
    percent_sd,
    task_sentence,
)  # fmt: skip

_STYLE = """
:root { color-scheme: light dark; --text: #1c1f26; --dim: #666d7a; --line: #d9dce3; --page: #ffffff; --card: #f5f6f8;
        --good: #1a7f4b; --bad: #b3372f; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaef; --dim: #9aa1ae; --line: #343843; --page: #15171c;
        --card: #1c1f26; --good: #4cc38a; --bad: #f2786f; } }
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; color: var(--text); background: var(--page);
       max-width: 860px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.answer { font-size: 1.15rem; background: var(--card); border-radius: 8px; padding: .8rem 1rem; }
.dim { color: var(--dim); fill: var(--dim); } .helps { color: var(--good); } .hurts { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .5rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--dim); } th:first-child, td:first-child { text-align: left; }
.wide { overflow-x: auto; } svg { width: 100%; height: auto; } svg text { fill: var(--text); }
svg .dim { fill: var(--dim); } svg .line { stroke: var(--line); } svg .zero { stroke: var(--dim); }
svg .interval { stroke: var(--text); fill: none; stroke-width: 1.3; }
"""


def html(answer: Answer) -> str:
    """The page; no scripts, nothing loaded from elsewhere, light or dark as the reader's system is."""
    title = tr("Did sharing help?")
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="dim">{escape(answer.project)} · {escape(answer.study)} · {escape(answer.created[:10])}</p>',
        f'<p class="answer">{escape(headline(answer))}</p>',
        _list(_spoken(answer)),
        f"<h2>{escape(tr('Gain over the separate networks'))}</h2>",
        gains_figure(_bars(answer), tr("Gain over the separate networks")),
        f'<p class="dim">{escape(tr(PER_TASK))}.<br>{escape(tr(PER_METRIC))}.</p>',
        *_left_out(answer),
        f"<h2>{escape(tr('Metrics'))}</h2>",
        _table(*_metric_rows(answer)),
        f'<p class="dim">{escape(method_line(answer))}</p>',
        f"<h2>{escape(tr('Costs'))}</h2>",
        _table(*_cost_rows(answer)),
        f"<h2>{escape(tr('What else differs'))}</h2>",
        _list([escape(note.text) for note in answer.notes]),
        *_failed(answer),
        f'<p class="dim">{escape(environment_line(answer))}</p>',
    ]
    return (
        f'<!doctype html>\n<html lang="{escape(language().replace("_", "-"))}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">\n<title>{escape(title)} · {escape(answer.project)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def table(answer: Answer) -> str:
    """One row per task and metric, then Δm and costs, then a line of what the runs were trained with."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([
        "task", "metric", "split", "higher_is_better", "shared_mean", "shared_sd", "alone_mean", "alone_sd", "seeds",
        "difference", "difference_low", "difference_high", "gain_percent", "gain_low", "gain_high", "verdict",
    ])  # fmt: skip
    for task in answer.tasks:
        for metric in task.metrics:
            shared = metric.shared.as_json() if metric.shared else {}
            alone = metric.alone.as_json() if metric.alone else {}
            apart = metric.difference.as_json() if metric.difference else {}
            gain = metric.gain.as_json() if metric.gain else {}
            writer.writerow([
                task.id, metric.id, answer.split, metric.higher_is_better, shared.get("mean"), shared.get("sd"),
                alone.get("mean"), alone.get("sd"), shared.get("n"), apart.get("value"), apart.get("low"),
                apart.get("high"), gain.get("value"), gain.get("low"), gain.get("high"), metric.verdict,
            ])  # fmt: skip
    for name, estimate in (("delta_m_per_task", answer.per_task), ("delta_m_per_metric", answer.per_metric)):
        found = estimate.as_json() if estimate else {}
        row = ["", name, answer.split, True, *[None] * 8, found.get("value"), found.get("low"), found.get("high"), None]
        writer.writerow(row)
    for name, costs in (("shared", answer.shared), ("separate", answer.separate)):
        seconds = costs.seconds.mean if costs.seconds else ""
        writer.writerow(["# costs", name, f"parameters {costs.parameters}", f"macs {costs.macs}", f"seconds {seconds}"])
    writer.writerow(["# runs", environment_line(answer)])
    return out.getvalue()


def _spoken(answer: Answer) -> list[str]:
    found = []
    for task in answer.tasks:
        kind = {Verdict.HELPS: "helps", Verdict.HURTS: "hurts"}.get(task.verdict, "")
        found.append(f'<span class="{kind}">{escape(task_sentence(task))}</span>')
    return found


def _bars(answer: Answer) -> list[Bar]:
    bars = [Bar(task.name, task.colour, task.gain) for task in answer.tasks]
    return [*bars, Bar(tr("Δm per task"), "", answer.per_task), Bar(tr("Δm per metric"), "", answer.per_metric)]


def _left_out(answer: Answer) -> list[str]:
    if not answer.left_out:
        return []
    text = tr("Not counted, because the baseline is not above 0 or unknown: {names}.", names=", ".join(answer.left_out))
    return [f'<p class="dim">{escape(text)}</p>']


def _failed(answer: Answer) -> list[str]:
    if not answer.failures:
        return []
    rows = [escape(f"{member}: {reason}") for member, reason in answer.failures.items()]
    return [f"<h2>{escape(tr('Failed runs'))}</h2>", _list(rows)]


def _metric_rows(answer: Answer) -> tuple[list[str], list[list[str]]]:
    header = [
        tr("Task"), tr("Metric"), tr("Shared"), tr("Alone"), tr("Difference"), tr("Gain"), tr("Verdict"),
        tr("Validation: shared"), tr("alone"),
    ]  # fmt: skip
    rows = [
        [
            task.name if number_ == 0 else "", f"{tr(metric.name)} {'↑' if metric.higher_is_better else '↓'}",
            mean_sd(metric.shared, metric.unit), mean_sd(metric.alone, metric.unit),
            between(metric.difference, as_percent=False), percent_sd(metric.gain), tr(VERDICTS[metric.verdict]),
            mean_sd(metric.shared_val), mean_sd(metric.alone_val),
        ]
        for task in answer.tasks
        for number_, metric in enumerate(task.metrics)
    ]  # fmt: skip
    return header, rows


def _cost_rows(answer: Answer) -> tuple[list[str], list[list[str]]]:
    names = {task.id: task.name for task in answer.tasks}

    def row(name: str, costs: Costs) -> list[str]:
        seconds = number(costs.seconds.mean) if costs.seconds else "—"
        return [name, f"{costs.parameters:,}", f"{costs.macs / 1e6:,.2f} M", seconds]

    rows = [row(tr("Shared"), answer.shared), row(tr("Separate, together"), answer.separate)]
    rows += [row(tr("{task} alone", task=names[task]), costs) for task, costs in answer.alone.items()]
    return [tr("Network"), tr("Parameters"), tr("MACs"), tr("Training, s")], rows


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in header)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


def _list(items: Iterable[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{item}</li>" for item in items) + "\n</ul>"
