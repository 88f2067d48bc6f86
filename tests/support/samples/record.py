"""Record the config and the API description of `studio` on each Gradio release.

Run ``python -m tests.support.samples.record [versions…]``. ``api-<version>.json`` has ``config``
and ``info`` (``null`` before 3.26). Keys that do not affect the inputs and outputs of endpoints are
removed, such as styles, layout and code snippets.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.samples import VERSIONS
from tests.support.servers.environments import prepare

HERE = Path(__file__).parent
LONGEST = 200  # characters

TOP = {"version", "mode", "protocol", "api_prefix", "enable_queue", "components", "dependencies"}
COMPONENT = {
    *("id", "type", "props", "serializer", "skip_api", "example_inputs"),
    *("api_info", "api_info_as_input", "api_info_as_output"),
}
PROPS = {
    *("label", "value", "name", "choices", "multiselect", "allow_custom_value"),
    *("file_count", "minimum", "maximum"),
}
DEPENDENCY = {
    *("id", "api_name", "inputs", "outputs", "queue", "backend_fn", "types", "cancels", "batch"),
    *("show_api", "api_visibility", "api_description", "connection", "rendered_in"),
}


def keep(entry: dict[str, Any], keys: set[str]) -> dict[str, Any]:
    """Return the entry with these keys only."""
    return {key: value for key, value in entry.items() if key in keys}


def shortened(value: Any) -> Any:
    """Return the value with long texts cut."""
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in value]
    return f"{value[:60]}..." if isinstance(value, str) and len(value) > LONGEST else value


def trimmed(sample: dict[str, Any]) -> dict[str, Any]:
    """Return the sample without the keys that do not matter here."""
    config = keep(sample["config"], TOP)
    used = {
        number
        for dependency in config["dependencies"]
        for number in dependency["inputs"] + dependency["outputs"]
    }
    config["components"] = [
        {**keep(component, COMPONENT), "props": keep(component["props"], PROPS)}
        for component in config["components"]
        if component["id"] in used
    ]
    config["dependencies"] = [keep(each, DEPENDENCY) for each in config["dependencies"]]
    for section in (sample["info"] or {}).values():
        for endpoint in section.values():
            endpoint.pop("code_snippets", None)
    trimmed: dict[str, Any] = shortened({"config": config, "info": sample["info"]})
    return trimmed


def main(versions: list[str]) -> None:
    """Record the given releases, or all."""
    for version in versions or VERSIONS:
        command = [str(prepare(version)), "-I", "-X", "utf8", str(HERE / "studio.py")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise SystemExit(done.stderr)
        sample = trimmed(json.loads(done.stdout))
        lines = json.dumps(sample, ensure_ascii=False, separators=(",", ":"))
        for mark in ('{"id":', '{"parameters":', '"dependencies":', '"info":{"named'):
            lines = lines.replace(mark, f"\n{mark}")  # to make diffs readable
        (HERE / f"api-{version}.json").write_text(f"{lines}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
