"""MongoDB as the engines' own program runs it."""

from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from pymongo.write_concern import WriteConcern

from murmur.cluster.mongodb import MongoDB
from tests.support.waiting import until

MAJORITY = WriteConcern("majority", j=True)


def test_what_was_acknowledged_is_there_after_a_kill_and_at_the_same_address(mongodb: MongoDB, tmp_path: Path):
    with MongoDB(tmp_path) as server, MongoClient(server.url) as client:
        kept = client.murmur.get_collection("kept", write_concern=MAJORITY)
        kept.insert_one({"_id": 1})
        server.members[0].kill()
        server.start()
        assert kept.find_one() == {"_id": 1}
        assert MongoDB(tmp_path).url == server.url


def test_nobody_reads_without_the_password(mongodb: MongoDB):
    address = f"mongodb://127.0.0.1:{mongodb.members[0].port}/?directConnection=true"
    with MongoClient(address) as client, pytest.raises(OperationFailure, match="requires authentication"):
        client.murmur.anything.find_one()


async def test_another_member_takes_over_from_a_killed_primary(mongodb: MongoDB, tmp_path: Path):
    with MongoDB(tmp_path, members=3) as three:
        killed = three.primary()
        assert killed is not None
        killed.kill()

        async def taken_over() -> bool:
            return three.primary() not in (None, killed)

        await until(taken_over, seconds=30)
        three.start()
        assert killed.running
