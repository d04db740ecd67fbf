"""Two-language text: everything a person reads exists in Thai and in English."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Lang = Literal["th", "en"]


class Text(BaseModel):
    """One piece of text in Thai and in English."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_min_length=1)

    th: str
    en: str

    def get(self, lang: Lang) -> str:
        """The text in the asked language."""
        return self.th if lang == "th" else self.en
