"""`python -m sentinel.intelligence.write_schema`: the JSON Schema that editors complete the
catalog with."""

import json
from pathlib import Path

import sentinel.config
from sentinel.intelligence.catalog_files import catalog_schema

FILE = Path(sentinel.config.__file__).parent / "schema" / "catalog.json"


def text() -> str:
    return json.dumps(catalog_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
