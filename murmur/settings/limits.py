"""Bounds on what one request, one client and one account may do."""

from pydantic import Field

from murmur.settings.base import Concern


class LimitSettings(Concern):
    max_body_bytes: int = Field(1_048_576, ge=1_024, description="The largest request body.")
    max_document_tokens: int = Field(4_000, ge=10, description="The most tokens of a GraphQL document.")
    max_document_depth: int = Field(30, ge=3, description="How deep selections and values of a document may nest.")
    max_aliases: int = Field(100, ge=1, description="The most aliases of a GraphQL document.")
    max_answer_objects: int = Field(10_000, ge=1, description="The most objects that a request may ask for, by its page sizes.")
    max_requests_in_flight: int = Field(1_000, ge=1, description="Requests answered at once; more are refused with 503.")
    signin_per_account: str = Field("10/15minutes", description="Failed sign-ins of one account.")
    signin_per_address: str = Field("100/15minutes", description="Failed sign-ins from one network address.")
    signup_per_address: str = Field("50/hour", description="Sign-ups from one network address.")
