"""Which store each room uses: the scheme of a URL chooses the adapter."""

from pydantic import Field

from murmur.settings.base import Concern


class StoreSettings(Concern):
    users_url: str = Field(
        "sqlite:",
        description="Profiles, credentials and the follow graph: `sqlite:`, `sqlite:PATH` or `neo4j://USER:PASSWORD@HOST/DATABASE`.",
    )
    tweets_url: str = Field(
        "sqlite:",
        description="Tweets and what stands beside them: `sqlite:`, `sqlite:PATH`, "
        "`mongodb://USER:PASSWORD@HOST,HOST/DATABASE?replicaSet=NAME` or `mongodb+srv://…`.",
    )
    timelines_url: str = Field(
        "memory:",
        description="Home timelines, a cache that is rebuilt when lost: `memory:`, `redis://HOST`, `redis+cluster://HOST:PORT,HOST:PORT`.",
    )
    notifications_url: str = Field(
        "sqlite:", description="Who did what with whom: `sqlite:`, `sqlite:PATH`, `mongodb://…` or `mongodb+srv://…`."
    )
    analytics_url: str = Field(
        "sqlite:", description="What was seen and what came of it: `sqlite:`, `sqlite:PATH`, `mongodb://…` or `mongodb+srv://…`."
    )
    partners_url: str = Field(
        "sqlite:", description="API keys and trusted documents: `sqlite:`, `sqlite:PATH`, `mongodb://…` or `mongodb+srv://…`."
    )
    search_url: str = Field(
        "tantivy:",
        description="What is searched, a copy of tweets and profiles: `tantivy:`, `tantivy:FOLDER`, "
        "`meilisearch://:KEY@HOST:PORT` or `meilisearch+https://…`.",
    )
    trends_url: str = Field(
        "sqlite:",
        description="How often hashtags are used, counted from the tweets: `sqlite:`, `sqlite:PATH` or, as for tweets, `mongodb://…`.",
    )
    broker_url: str = Field(
        "sqlite:",
        description="The event log: `sqlite:`, `sqlite:PATH`, `kafka://HOST:PORT,HOST:PORT` or `kafka+ssl://USER:PASSWORD@HOST:PORT`.",
    )
    pubsub_url: str = Field(
        "memory:", description="What subscriptions are fed by: `memory:`, `redis://HOST:PORT` or `redis+cluster://HOST:PORT,…`."
    )
    sessions_url: str = Field(
        "sqlite:",
        description="Who is signed in: `sqlite:`, `sqlite:PATH`, `redis://HOST` or `redis+cluster://…`.",
    )
    limits_url: str = Field(
        "memory:",
        description="Counts of sign-ins and sign-ups: `memory:` (of each process), `redis://HOST` or `redis+cluster://…`.",
    )
    leases_url: str = Field(
        "file:",
        description="Who leases each process the node id that its ids carry: `file:` (locks in the data folder, for processes "
        "that share it), `redis://HOST` or `redis+cluster://…`.",
    )
    cache_url: str = Field(
        "none:",
        description="Hot tweets and profiles, copies that save reads of the stores: `none:`, `memory:` (of one process, for "
        "`murmur up`), `redis://HOST` or `redis+cluster://…`.",
    )
