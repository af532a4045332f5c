"""The URL of what a test is parametrised with, isolated from other tests."""

import uuid

import pytest


def url_of(request: pytest.FixtureRequest) -> str:
    """`request.param` is a URL itself, or names an engine that the test session starts."""
    prefix = uuid.uuid4().hex
    match request.param:
        case "redis":
            return f"{request.getfixturevalue('redis_server').url}?prefix={prefix}"
        case "redis cluster":
            return f"{request.getfixturevalue('redis_cluster').url}?prefix={prefix}"
        case url:
            return url
