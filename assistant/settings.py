"""Every setting, read from the environment (prefix FOCAL_) or a `.env` file; nothing else reads the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.errors import SettingsError
from knowledge.documents import Classification


class Settings(BaseSettings):
    """All settings with their defaults; each field's description is its row in the README's table."""

    model_config = SettingsConfigDict(env_prefix="FOCAL_", env_file=".env", extra="ignore", env_ignore_empty=True)

    home: Path = Field(Path("~/.focal-point"), description="Folder for register, index, models and logs")
    embedding: Literal["onnx-int8", "sentence-transformers"] = Field(
        "onnx-int8", description="How passages and questions are encoded"
    )
    retrieval: Literal["fused", "dense", "keyword"] = Field(
        "fused", description="Which scores rank passages; the last two are for comparison"
    )
    max_words: int = Field(150, ge=40, le=600, description="About how long an answer may get, in words")
    highest_classification: Classification = Field(
        Classification.UNCLASSIFIED, description="Highest level of documents that may be taken in at all"
    )
    read_seconds: int = Field(60, ge=1, description="Wall-clock limit for reading one file")
    read_megabytes: int = Field(2048, ge=256, description="Memory limit for reading one file")
    max_file_megabytes: int = Field(200, ge=1, description="Largest file that is read")

    @property
    def folder(self) -> Path:
        """`home` with `~` resolved."""
        return self.home.expanduser()


def load() -> Settings:
    """The settings of this process. Raises SettingsError naming the variable and what it accepts."""
    try:
        return Settings()  # type: ignore[call-arg]  # every field has a default, given by position
    except ValidationError as error:
        first = error.errors()[0]
        name = "FOCAL_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{name}: {first['msg']} (got {first.get('input')!r})") from None
