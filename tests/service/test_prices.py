"""Prices of windows: as the config has them, refused where it is not clear what is meant, and told by the service."""

import json
import tomllib
from functools import cache
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from loopflow.config.toml import Table
from loopflow.errors import ConfigError
from loopflow.service.settings import Model, Price, ServiceSettings, read_settings
from tests.service.test_http import ask
from tests.support.asgi import Client

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "config.schema.json"


def read(price: str) -> Price | None:
    """Return what a config says of a price."""
    values = {"model": [{"name": "a", "window": 1, "price": price}]}
    [model] = read_settings(Table("loopflow.toml", "", ("service",), values)).models
    return model.price


@cache
def schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


@given(st.text("$€E .,-0159", max_size=9))
@example("US$ 2.50")
@example("2.50\u00a0€")
@example("²2")
def test_a_price_is_shown_as_it_was_written_or_refused(written: str) -> None:
    """Nothing of it is lost; the schema for editors refuses the same."""
    text = f"[[service.model]]\nname = 'a'\nwindow = 1\nprice = {json.dumps(written)}"
    try:
        price = read(written)
    except ConfigError:
        assert not schema().is_valid(tomllib.loads(text))
        return
    assert price
    assert f"{price.before}{price.amount}{price.after}" == written
    assert float(price.amount) >= 0
    assert schema().is_valid(tomllib.loads(text))


def test_models_have_the_prices_of_the_config_only(tmp_path: Path) -> None:
    """One of a shipped name takes its place; one without a price has no field for it."""
    own = (
        Model("gpt-4o", 128_000, "o200k_base", price=Price("2.50", "$")),
        Model("ours", 100, "o200k_base", price=Price("3", "", " EUR")),
        Model("free", 100, "o200k_base"),
    )

    async def do(client: Client) -> None:
        models = (await client.get("/v1/models")).json["models"]
        prices = [(each["name"], each.get("price")) for each in models]
        assert prices == [
            ("gpt-4-turbo", None),
            ("other tokenizers", None),
            ("gpt-4o", {"amount": "2.50", "before": "$", "after": ""}),
            ("ours", {"amount": "3", "before": "", "after": " EUR"}),
            ("free", None),
        ]
        assert "price" not in models[-1]

    ask(tmp_path, do, ServiceSettings(models=own), works=False)
