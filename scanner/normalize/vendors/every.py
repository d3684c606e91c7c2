"""The normalizer of each vendor, by the name of the collector whose records it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from scanner.model.facts import Fact
from scanner.model.observation import Record
from scanner.normalize.vendors import anthropic, deepgram, elevenlabs, openai

NORMALIZERS: Mapping[str, Callable[[Sequence[Record]], Iterator[Fact]]] = {
    "vendors.openai": openai.normalize,
    "vendors.anthropic": anthropic.normalize,
    "vendors.elevenlabs": elevenlabs.normalize,
    "vendors.deepgram": deepgram.normalize,
}
