"""docs/settings.md lists every setting, as it is in the code today."""

from pathlib import Path

import pytest

from entrypoints.checkout import PROJECT
from entrypoints.settings.model import Settings, setting_name
from entrypoints.settings.reference import BEGIN, END, settings_table, with_settings


def test_the_page_is_up_to_date() -> None:
    page = (PROJECT / "docs" / "settings.md").read_text()
    assert with_settings(page) == page, "run make docs"


def test_every_setting_has_a_row_and_no_path_of_this_machine_is_shown() -> None:
    table = settings_table()
    rows = table.splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == [setting_name(name) for name in Settings.__struct_fields__]
    assert str(Path.home()) not in table
    assert str(PROJECT) not in table


@pytest.mark.parametrize(
    "row",
    [
        "| `CHAT_PORT` | number, 1 to 65535 | `8080` | port to listen on |",
        "| `CHAT_MIGRATE_ON_START` | `true`, `false` | `false`; `true` in `dev` and `test` |",
        "| `CHAT_LOG_FORMAT` | `json`, `console` | `json`; `console` in `dev` |",
        "| `CHAT_DATABASE_URL` | secret | unset |",
        "| `CHAT_DATA_DIR` | path | `.data` |",
    ],
)
def test_the_table_has_form_default_and_differences(row: str) -> None:
    assert row in settings_table()


def test_only_the_part_between_the_markers_is_written() -> None:
    text = f"above\n{BEGIN}\noutdated\n{END}\nbelow\n"
    written = with_settings(text)
    assert written.startswith(f"above\n{BEGIN}\n")
    assert written.endswith(f"{END}\nbelow\n")
    assert "outdated" not in written
    assert with_settings(written) == written
    with pytest.raises(ValueError, match="has no"):
        with_settings("no markers")
