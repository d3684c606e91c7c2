"""The part of the estate file about AI vendors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema, field_validator

from scanner.estate.forms import Name, Secret, Strict, secret_ref
from scanner.estate.urls import LOCAL_OR_HTTPS, check_url
from scanner.model.estate import VendorSource


class Vendor(Strict):
    """One organization at an AI vendor."""

    name: Name = Field(description="name of the source in reports")
    vendor: Literal["openai", "anthropic", "elevenlabs", "deepgram"] = Field(description="which vendor")
    admin_key: Secret = Field(description="key that reads the settings of the organization; never one for inference")
    project_key: Secret | None = Field(
        None, description="read-only key of a project: lists what zero retention does not cover, counts and dates only"
    )
    endpoint_url: Annotated[str | None, WithJsonSchema({"type": "string", "pattern": LOCAL_OR_HTTPS})] = Field(
        None, description="regional host, private endpoint or simulator"
    )
    keep_emails: bool = Field(False, description="keep names and e-mail addresses of people in the evidence")
    concurrency: int = Field(4, ge=1, le=64, description="calls at once")
    time_limit: int = Field(1800, ge=1, le=86400, description="seconds after which the rest becomes a gap")

    @field_validator("endpoint_url")
    @classmethod
    def _allowed(cls, value: str) -> str:
        return check_url(value, insecure=False)


def vendor_source(given: Vendor) -> VendorSource:
    """Return the source as the estate has it."""
    return VendorSource(
        name=given.name,
        vendor=given.vendor,
        admin_key=secret_ref(given.admin_key),
        project_key=secret_ref(given.project_key) if given.project_key else None,
        endpoint_url=given.endpoint_url or "",
        keep_emails=given.keep_emails,
        concurrency=given.concurrency,
        time_limit=given.time_limit,
    )
