"""A custom component for `components`, with files inside its values.

It has its own file because Gradio writes a stub beside the module of a component.
"""

from typing import Any

import gradio as gr
from gradio.data_classes import GradioModel


class ReportData(GradioModel):
    title: str
    document: gr.FileData


class Report(gr.JSON):
    data_model = ReportData

    def preprocess(self, payload: Any) -> Any:
        return {"title": payload.title, "document": payload.document.path}

    def postprocess(self, value: Any) -> Any:
        return value and ReportData(
            title=value["title"], document=gr.FileData(path=value["document"])
        )

    def get_block_name(self) -> str:
        return "report"


class DescribedReport(Report):
    """The same with a schema, from which clients know where it takes a file."""

    def api_info(self) -> dict[str, Any]:
        return ReportData.model_json_schema()

    def get_block_name(self) -> str:
        return "describedreport"
