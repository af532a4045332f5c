"""Every statement that the adapter sends, in one place, so that a test can look at the plan of each.

Whatever is looked for is found by an index, so that a statement costs what it returns; hints hold the planner to it, however
small a graph is when a plan is made. No indexed property of an edge is collected itself: as `collect` leaves out what is null,
the planner would take the index to be asked for no more than that the property is there, and filter.

Each returns one value: the driver spends more on a record than on what is in it. Each is given one map: the server would plan
anew for each size of each list that is a parameter of its own. Setting a property to what it is takes the node's lock and
writes nothing; `collect` after it keeps what is read next behind the lock. What another transaction deletes between being
found and being read has no properties.
"""

from typing import Final, LiteralString

# Degrees are kept by the engine with each node's relationships, so these counts always equal the edges.
_FOLLOWER_COUNT = "COUNT { (u)<-[:FOLLOWS]-() }"
_USER = f"""[
    u.id, u.handle, u.name, u.bio, u.location, u.website, u.avatar_url, u.created_at, u.verified, u.protected,
    {_FOLLOWER_COUNT}, COUNT {{ (u)-[:FOLLOWS]->() }}
]"""

# Profiles

USERS: Final = f"""
MATCH (u:User) USING INDEX SEEK u:User(id) WHERE u.id IN $given.ids
RETURN collect({_USER})
"""
USERS_OF_HANDLES: Final = f"""
MATCH (u:User) USING INDEX SEEK u:User(handle_key) WHERE u.handle_key IN $given.handles
RETURN collect({_USER})
"""
IDS_OF_HANDLES: Final = """
MATCH (u:User) USING INDEX SEEK u:User(handle_key) WHERE u.handle_key IN $given.handles
RETURN collect([u.handle_key, u.id])
"""
FOLLOWER_COUNTS: Final = f"""
MATCH (u:User) USING INDEX SEEK u:User(id) WHERE u.id IN $given.ids
RETURN collect([u.id, {_FOLLOWER_COUNT}])
"""
USERS_AFTER: Final = f"""
MATCH (u:User) USING INDEX SEEK u:User(id) WHERE u.id > $given.after
WITH u ORDER BY u.id LIMIT $given.limit
RETURN collect({_USER})
"""
NAMESAKES: Final = """
CALL () { MATCH (u:User) USING INDEX SEEK u:User(id) WHERE u.id IN $given.ids RETURN collect([u.id, u.handle_key]) AS of_ids }
CALL () { MATCH (u:User) USING INDEX SEEK u:User(handle_key) WHERE u.handle_key IN $given.handles
    RETURN collect([u.id, u.handle_key]) AS of_handles }
RETURN of_ids + of_handles
"""
LOCK_USER: Final = f"""
MATCH (u:User) USING INDEX SEEK u:User(id) WHERE u.id = $given.id SET u.lock = true
WITH collect(u) AS locked UNWIND locked AS u
RETURN collect([{_USER}, u.last_event])
"""

# What is added, and what is told. `last_event` orders a person's events: see the outbox.

_TELL = """
CALL () {
    UNWIND $given.last_events AS last
    MATCH (u:User) USING INDEX SEEK u:User(id) WHERE u.id = last[0] SET u.last_event = last[1]
}
CALL () {
    UNWIND $given.events AS event
    CREATE (:Event {seq: event[0], key: event[1], topic: event[2], payload: event[3]})
}
"""
ADD_USERS: Final = f"""
CALL () {{ UNWIND $given.users AS user CREATE (u:User) SET u = user }}
CALL () {{ UNWIND $given.accounts AS account CREATE (a:Account) SET a = account }}
{_TELL}
RETURN true
"""
UPDATE_USER: Final = f"""
CALL () {{ MATCH (u:User) USING INDEX SEEK u:User(id) WHERE u.id = $given.id SET u += $given.profile }}
{_TELL}
RETURN true
"""

# Accounts

# Accounts of before passwords were counted have none.
_GENERATION = "coalesce(a.generation, 0)"
_ACCOUNT = f"[a.user_id, a.password_hash, a.email, {_GENERATION}]"

CREDENTIALS: Final = f"""
MATCH (u:User) USING INDEX SEEK u:User(id) WHERE u.id = $given.id
OPTIONAL MATCH (a:Account) USING INDEX SEEK a:Account(user_id) WHERE a.user_id = u.id
RETURN collect([u.id, a.password_hash, a.email, {_GENERATION}])
"""
CREDENTIALS_OF_HANDLE: Final = f"""
MATCH (u:User) USING INDEX SEEK u:User(handle_key) WHERE u.handle_key = $given.handle
OPTIONAL MATCH (a:Account) USING INDEX SEEK a:Account(user_id) WHERE a.user_id = u.id
RETURN collect([u.id, a.password_hash, a.email, {_GENERATION}])
"""
CREDENTIALS_AFTER: Final = f"""
MATCH (a:Account) USING INDEX SEEK a:Account(user_id) WHERE a.user_id > $given.after
WITH a ORDER BY a.user_id LIMIT $given.limit
RETURN collect({_ACCOUNT})
"""
PUT_CREDENTIALS: Final = """
UNWIND $given.accounts AS account
MERGE (a:Account {user_id: account.user_id}) ON CREATE SET a = account
RETURN count(*)
"""
LOCK_ACCOUNT: Final = f"""
MATCH (a:Account) USING INDEX SEEK a:Account(user_id) WHERE a.user_id = $given.user_id SET a.lock = true
RETURN collect({_ACCOUNT})
"""
CHANGE_HASH: Final = """
MATCH (a:Account) USING INDEX SEEK a:Account(user_id) WHERE a.user_id = $given.user_id
SET a.password_hash = $given.password_hash, a.generation = $given.generation
RETURN count(*)
"""

# The graph: reading


def _related(kind: LiteralString, source: LiteralString, target: LiteralString, name: LiteralString) -> LiteralString:
    return f"""
CALL () {{
    UNWIND $given.ids AS id
    MATCH ()-[e:{kind}]->() USING INDEX SEEK e:{kind}(source, target) WHERE e.source = {source} AND e.target = {target}
    RETURN collect(id) AS {name}
}}
"""


RELATIONS: Final = f"""
{_related("FOLLOWS", "$given.viewer", "id", "follows")}
{_related("FOLLOWS", "id", "$given.viewer", "followed_by")}
{_related("BLOCKS", "$given.viewer", "id", "blocks")}
{_related("BLOCKS", "id", "$given.viewer", "blocked_by")}
{_related("MUTES", "$given.viewer", "id", "mutes")}
RETURN [follows, followed_by, blocks, blocked_by, mutes]
"""


def _neighbours(of: LiteralString, pattern: LiteralString, order: LiteralString) -> LiteralString:
    return f"""
UNWIND $given.listings AS listing
CALL (listing) {{
    MATCH {pattern} USING INDEX SEEK f:FOLLOWS({of}, id)
    WHERE f.{of} = listing[1] AND f.id < listing[2] AND f.id > listing[3]
    RETURN u, f.id AS position ORDER BY f.{of} {order}, f.id {order} LIMIT $given.limit
}}
RETURN collect([listing[0], position, {_USER}])
"""


NEWEST_FOLLOWERS: Final = _neighbours("target", "(u)-[f:FOLLOWS]->()", "DESC")
OLDEST_FOLLOWERS: Final = _neighbours("target", "(u)-[f:FOLLOWS]->()", "ASC")
NEWEST_FOLLOWING: Final = _neighbours("source", "()-[f:FOLLOWS]->(u)", "DESC")
OLDEST_FOLLOWING: Final = _neighbours("source", "()-[f:FOLLOWS]->(u)", "ASC")

FOLLOWERS_AFTER: Final = """
MATCH ()-[f:FOLLOWS]->() USING INDEX SEEK f:FOLLOWS(target, source) WHERE f.target = $given.user_id AND f.source > $given.after
WITH f.target AS target, f.source AS source ORDER BY target, source LIMIT $given.limit
RETURN [row IN collect([source]) | row[0]]
"""
FOLLOWEES: Final = """
MATCH ()-[f:FOLLOWS]->() USING INDEX SEEK f:FOLLOWS(source, id) WHERE f.source = $given.user_id AND f.id >= 0
WITH f ORDER BY f.source DESC, f.id DESC LIMIT $given.limit
RETURN collect(f.target)
"""
FOLLOWED_BY: Final = f"""
UNWIND $given.ids AS id
CALL (id) {{
    MATCH ()-[f:FOLLOWS]->(u) USING INDEX SEEK f:FOLLOWS(source, id) WHERE f.source = id AND f.id >= 0
    RETURN u ORDER BY f.source DESC, f.id DESC LIMIT $given.newest
}}
WITH u, count(*) AS by WHERE NOT u.id IN $given.without
WITH u, by, {_FOLLOWER_COUNT} AS followers ORDER BY by DESC, followers DESC, u.id LIMIT $given.limit
RETURN collect({_USER})
"""


def _edges_after(kind: LiteralString) -> LiteralString:
    return f"""
CALL () {{
    MATCH ()-[e:{kind}]->() USING INDEX SEEK e:{kind}(source, target) WHERE e.source = $given.source AND e.target > $given.target
    RETURN e ORDER BY e.source, e.target LIMIT $given.limit
    UNION ALL
    MATCH ()-[e:{kind}]->() USING INDEX SEEK e:{kind}(source, target) WHERE e.source > $given.source AND e.target IS NOT NULL
    RETURN e ORDER BY e.source, e.target LIMIT $given.limit
}}
WITH e ORDER BY e.source, e.target LIMIT $given.limit
RETURN [row IN collect([e.id, e.source, e.target]) WHERE row[0] IS NOT NULL]
"""


FOLLOWS_AFTER: Final = _edges_after("FOLLOWS")
BLOCKS_AFTER: Final = _edges_after("BLOCKS")
MUTES_AFTER: Final = _edges_after("MUTES")

# The graph: writing. One statement locks and reads, the next one writes what was decided on that.


def _standing(kind: LiteralString, wanted: LiteralString) -> LiteralString:
    return f"""
CALL () {{
    UNWIND $given.{wanted} AS pair
    MATCH ()-[e:{kind}]->() USING INDEX SEEK e:{kind}(source, target) WHERE e.source = pair[0] AND e.target = pair[1]
    RETURN collect(pair) AS {wanted}
}}
"""


_LOCK = """
CALL () {
    UNWIND $given.locks AS id
    MATCH (u:User) USING INDEX SEEK u:User(id) WHERE u.id = id SET u.lock = true
    WITH collect(u) AS locked UNWIND locked AS u
    RETURN collect([u.id, u.last_event]) AS locked
}
CALL () { MATCH (u:User) USING INDEX SEEK u:User(id) WHERE u.id IN $given.others RETURN collect(u.id) AS others }
"""
_POSITIONS = """
CALL () {
    UNWIND $given.spans AS span
    MATCH ()-[f:FOLLOWS]->() USING INDEX SEEK f:FOLLOWS(source, id)
    WHERE f.source = span[0] AND f.id >= span[2] AND f.id < span[3]
    RETURN collect([span[0], f.id]) AS following
}
CALL () {
    UNWIND $given.spans AS span
    MATCH ()-[f:FOLLOWS]->() USING INDEX SEEK f:FOLLOWS(target, id)
    WHERE f.target = span[1] AND f.id >= span[2] AND f.id < span[3]
    RETURN collect([span[1], f.id]) AS followers
}
"""
LOCK_FOLLOWS: Final = f"""
{_LOCK}
{_standing("FOLLOWS", "follows")}
{_standing("BLOCKS", "blocks")}
{_POSITIONS}
RETURN {{locked: locked, others: others, follow: follows, block: blocks, following: following, followers: followers}}
"""
LOCK_BLOCKS: Final = f"""
{_LOCK}
{_standing("FOLLOWS", "follows")}
{_standing("BLOCKS", "blocks")}
RETURN {{locked: locked, others: others, follow: follows, block: blocks}}
"""
LOCK_MUTES: Final = f"""
{_LOCK}
{_standing("MUTES", "mutes")}
RETURN {{locked: locked, others: others, mute: mutes}}
"""
POSITIONS: Final = f"""
{_POSITIONS}
RETURN {{following: following, followers: followers}}
"""


def _end(kind: LiteralString, ended: LiteralString) -> LiteralString:
    return f"""
CALL () {{
    UNWIND $given.{ended} AS pair
    MATCH ()-[e:{kind}]->() USING INDEX SEEK e:{kind}(source, target) WHERE e.source = pair[0] AND e.target = pair[1]
    DELETE e
}}
"""


def _add(kind: LiteralString, added: LiteralString) -> LiteralString:
    return f"""
CALL () {{
    UNWIND $given.{added} AS edge
    MATCH (s:User) USING INDEX SEEK s:User(id) WHERE s.id = edge[1]
    MATCH (t:User) USING INDEX SEEK t:User(id) WHERE t.id = edge[2]
    CREATE (s)-[:{kind} {{id: edge[0], source: edge[1], target: edge[2]}}]->(t)
}}
"""


CHANGE_FOLLOWS: Final = f"""
{_end("FOLLOWS", "ended_follows")}
{_add("FOLLOWS", "follows")}
{_TELL}
RETURN true
"""
CHANGE_BLOCKS: Final = f"""
{_end("FOLLOWS", "ended_follows")}
{_end("BLOCKS", "ended_blocks")}
{_add("BLOCKS", "blocks")}
{_TELL}
RETURN true
"""
CHANGE_MUTES: Final = f"""
{_end("MUTES", "ended_mutes")}
{_add("MUTES", "mutes")}
{_TELL}
RETURN true
"""

# The outbox

PENDING: Final = """
MATCH (e:Event) USING INDEX SEEK e:Event(seq, key) WHERE e.seq >= 0 AND e.key IS NOT NULL
WITH e ORDER BY e.seq, e.key LIMIT $given.limit
RETURN collect([e.seq, e.topic, e.key, e.payload])
"""
FORGET: Final = """
UNWIND $given.entries AS entry
MATCH (e:Event) USING INDEX SEEK e:Event(seq, key) WHERE e.seq = entry[0] AND e.key = entry[1] DELETE e
RETURN count(*)
"""

# The server itself

VERSION: Final = """
CALL dbms.components() YIELD versions, edition
RETURN [versions[0], edition] LIMIT 1
"""
ROLES: Final = """
SHOW DATABASES YIELD name, role, replicationLag WHERE name = $given.name
RETURN [collect(role), max(-replicationLag)]
"""
ONLINE: Final = """
SHOW INDEXES YIELD name, state WHERE state = 'ONLINE'
RETURN collect(name)
"""
