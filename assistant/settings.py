"""Every setting, read from the environment (prefix FOCAL_) or a `.env` file; nothing else reads the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.errors import SettingsError
from assistant.surfaces import DEFAULT_CEILINGS, Surface
from knowledge.documents import Classification


class Settings(BaseSettings):
    """All settings with their defaults; each field's description is its row in the README's table."""

    model_config = SettingsConfigDict(env_prefix="FOCAL_", env_file=".env", extra="ignore", env_ignore_empty=True)

    home: Path = Field(Path("~/.focal-point"), description="Folder for register, index, models and logs")
    embedding: str = Field(
        "onnx-int8",
        description="How passages and questions are encoded: `onnx-int8`, `sentence-transformers`, or the folder of"
        " another model that sentence-transformers loads",
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
    ceilings: dict[Surface, Classification] = Field(
        dict(DEFAULT_CEILINGS),
        description="Highest level each surface shows, as JSON; what is left out is unclassified",
    )
    allowed_hosts: str = Field(
        "", description="Host names, with commas between, by which the server may be called besides its own address"
    )
    require_key: bool = Field(False, description="Answer nobody without a key or token, on loopback too")
    oidc_issuer: str | None = Field(None, description="OpenID Connect issuer whose bearer tokens are accepted")
    oidc_audience: str = Field("focal-point", description="Audience that those tokens must name")
    requests_per_minute: int = Field(600, ge=0, description="Limit for each key, or address without one; 0 is none")
    ask_threads: int = Field(2, ge=1, le=64, description="Questions answered at the same time")
    max_waiting: int = Field(32, ge=0, description="Questions that may wait; more are turned away with 503")
    max_upload_megabytes: int = Field(50, ge=1, description="Largest document taken in over HTTP")
    keep_days: int = Field(30, ge=0, description="How long the answer log keeps an answer; 0 keeps none")
    shutdown_seconds: int = Field(20, ge=1, description="How long running answers may take to finish at shutdown")
    public_url: str | None = Field(
        None, pattern=r"^https?://", description="Address by which staff reach this server; Slack answers link to it"
    )
    chat_model: str | None = Field(
        None, description="Chat model that words the answers, as provider:model; none uses the documents' own words"
    )
    chat_base_url: str | None = Field(
        None, pattern=r"^https?://", description="Address of an OpenAI-compatible server, such as one on this machine"
    )
    chat_api_key: SecretStr | None = Field(
        None, description="Key of the chat model; without it the provider's own variable"
    )
    chat_timeout_seconds: float = Field(
        20.0, gt=0, le=300, description="Time after which the answer is given without the chat model"
    )
    chat_max_classification: Classification = Field(
        Classification.UNCLASSIFIED, description="Highest level of text that may be sent to the chat model"
    )
    chat_json_schema: bool = Field(
        True, description="Ask the server for JSON of a given schema; switch off for local servers that refuse it"
    )
    chat_input_price: float | None = Field(
        None, ge=0, description="Price of a million tokens read, for the cost in the log"
    )
    chat_output_price: float | None = Field(None, ge=0, description="Price of a million tokens written")
    mcp_clearance: Classification = Field(
        Classification.UNCLASSIFIED,
        description="Clearance of whoever runs focal mcp; the ceiling of the mcp surface holds as well",
    )
    slack_bot_token: SecretStr | None = Field(None, description="Bot token (xoxb-...); starts the Slack bot")
    slack_app_token: SecretStr | None = Field(
        None, description="App-level token (xapp-...) for Socket Mode, which needs no inbound port"
    )
    slack_signing_secret: SecretStr | None = Field(
        None, description="Signing secret, for requests from Slack at /slack/events instead of Socket Mode"
    )
    slack_api_url: str = Field("https://slack.com/api/", description="Address of Slack's Web API")

    @field_validator("embedding")
    @classmethod
    def _named_or_a_folder(cls, value: str) -> str:
        if value not in ("onnx-int8", "sentence-transformers") and not Path(value).expanduser().is_dir():
            raise ValueError("use onnx-int8, sentence-transformers or the folder of a model")
        return value

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
        said = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{name}: {said} (got {first.get('input')!r})") from None
