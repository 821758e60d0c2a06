"""A counting service of the usual kind, in thirty lines: FastAPI and tiktoken. service.py compares with it."""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.support.oracle import load_encoding

app = FastAPI()
encodings = {name: load_encoding(name) for name in ("o200k_base", "cl100k_base")}


class CountRequest(BaseModel):
    """A text to count."""

    text: str
    encoding: str = "o200k_base"


@app.post("/v1/count")
async def count(request: CountRequest) -> dict[str, int]:
    """Count a text."""
    return {"tokens": len(encodings[request.encoding].encode_ordinary(request.text))}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="error")
