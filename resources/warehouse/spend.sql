-- Purchases, the requests that paid for them, and what cache reads saved. USD are exact decimals.

CREATE SCHEMA IF NOT EXISTS spend;

CREATE TABLE spend.purchases (
    purchase_id VARCHAR NOT NULL,
    request_id VARCHAR NOT NULL,
    company_id VARCHAR NOT NULL,
    company_key VARCHAR,
    consumer VARCHAR NOT NULL,
    strategy VARCHAR NOT NULL,
    provider VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    variant VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    outcome VARCHAR,
    reason VARCHAR,
    units MAP(VARCHAR, BIGINT) NOT NULL,
    usd_per_unit MAP(VARCHAR, DECIMAL(24, 12)) NOT NULL,
    cost_usd DECIMAL(18, 6) NOT NULL,
    reserved_usd DECIMAL(18, 6) NOT NULL,
    calls BIGINT NOT NULL,
    latency_seconds DOUBLE,
    reserved_at TIMESTAMP NOT NULL,
    sent_at TIMESTAMP,
    closed_at TIMESTAMP,
    rules_hash VARCHAR NOT NULL
);
COMMENT ON TABLE spend.purchases IS 'One row per call to a provider; free calls are purchases of price 0';
COMMENT ON COLUMN spend.purchases.purchase_id IS 'The purchase';
COMMENT ON COLUMN spend.purchases.request_id IS 'The request that pays for it';
COMMENT ON COLUMN spend.purchases.company_id IS 'The company asked about; never changes';
COMMENT ON COLUMN spend.purchases.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN spend.purchases.consumer IS 'The consumer of the request that pays';
COMMENT ON COLUMN spend.purchases.strategy IS 'How the plan was made: enhanced, priority or legacy';
COMMENT ON COLUMN spend.purchases.provider IS 'The vendor';
COMMENT ON COLUMN spend.purchases.source IS 'The source that was asked; an analysis as analysis:name';
COMMENT ON COLUMN spend.purchases.variant IS 'The form of the question';
COMMENT ON COLUMN spend.purchases.state IS 'reserved, sent, settled, released (not billed) or uncertain (we cannot know)';
COMMENT ON COLUMN spend.purchases.outcome IS 'found, nothing, answered or failed; null while open or not billed';
COMMENT ON COLUMN spend.purchases.reason IS 'Why it failed, as one sentence';
COMMENT ON COLUMN spend.purchases.units IS 'Vendor unit -> count, as billed';
COMMENT ON COLUMN spend.purchases.usd_per_unit IS 'Vendor unit -> price in USD';
COMMENT ON COLUMN spend.purchases.cost_usd IS 'What it cost; 0 until it is settled';
COMMENT ON COLUMN spend.purchases.reserved_usd IS 'The most it could have cost; reserved while it is open or uncertain';
COMMENT ON COLUMN spend.purchases.calls IS 'Number of HTTP requests';
COMMENT ON COLUMN spend.purchases.latency_seconds IS 'Seconds from sending to the whole answer';
COMMENT ON COLUMN spend.purchases.reserved_at IS 'When the money was reserved, UTC; its day counts against the caps';
COMMENT ON COLUMN spend.purchases.sent_at IS 'When the call was sent, UTC; null: it was not sent';
COMMENT ON COLUMN spend.purchases.closed_at IS 'When it was settled, released or marked uncertain, UTC';
COMMENT ON COLUMN spend.purchases.rules_hash IS 'Digest of the rules in force';

CREATE TABLE spend.requests (
    request_id VARCHAR NOT NULL,
    company_id VARCHAR NOT NULL,
    company_key VARCHAR,
    consumer VARCHAR NOT NULL,
    audience VARCHAR,
    strategy VARCHAR NOT NULL,
    asked_by VARCHAR NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    state VARCHAR NOT NULL,
    served_from VARCHAR,
    cost_usd DECIMAL(18, 6) NOT NULL,
    booked_usd DECIMAL(18, 6) NOT NULL,
    saved_usd DECIMAL(18, 6) NOT NULL,
    expected_usd DECIMAL(18, 6),
    upper_bound_usd DECIMAL(18, 6),
    legacy_usd DECIMAL(18, 6),
    profile_id VARCHAR,
    error VARCHAR,
    rules_hash VARCHAR NOT NULL,
    plan VARCHAR
);
COMMENT ON TABLE spend.requests IS 'One row per request of one consumer; each cost and saving belongs to one request';
COMMENT ON COLUMN spend.requests.request_id IS 'The request';
COMMENT ON COLUMN spend.requests.company_id IS 'The company asked about; never changes';
COMMENT ON COLUMN spend.requests.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN spend.requests.consumer IS 'The consumer; several asked for together are joined by +';
COMMENT ON COLUMN spend.requests.audience IS 'The vendor it was asked for, or null';
COMMENT ON COLUMN spend.requests.strategy IS 'How the plan was made: enhanced, priority or legacy';
COMMENT ON COLUMN spend.requests.asked_by IS 'What made the request, such as cli or dagster';
COMMENT ON COLUMN spend.requests.asked_at IS 'When it was received, UTC';
COMMENT ON COLUMN spend.requests.finished_at IS 'When it was finished, UTC; null while it runs';
COMMENT ON COLUMN spend.requests.state IS 'running, complete, incomplete, refused (by a cap) or failed';
COMMENT ON COLUMN spend.requests.served_from IS 'layer_1 (the finished profile), memory (nothing bought) or vendors';
COMMENT ON COLUMN spend.requests.cost_usd IS 'What its settled purchases cost, also those settled after it was finished';
COMMENT ON COLUMN spend.requests.booked_usd IS 'What the request is booked at: its purchases, those settled after its end included; 0 while it runs';
COMMENT ON COLUMN spend.requests.saved_usd IS 'What stored replies, analyses and profiles saved it';
COMMENT ON COLUMN spend.requests.expected_usd IS 'The expected cost of its plan';
COMMENT ON COLUMN spend.requests.upper_bound_usd IS 'The highest possible cost of its plan';
COMMENT ON COLUMN spend.requests.legacy_usd IS 'The expected cost of calling every source';
COMMENT ON COLUMN spend.requests.profile_id IS 'The profile that answered it';
COMMENT ON COLUMN spend.requests.error IS 'Why it is incomplete, refused or failed';
COMMENT ON COLUMN spend.requests.rules_hash IS 'Digest of the rules in force';
COMMENT ON COLUMN spend.requests.plan IS 'JSON text: its plan, with the reason for each source';

CREATE TABLE spend.cache_reads (
    read_id BIGINT NOT NULL,
    read_at TIMESTAMP NOT NULL,
    request_id VARCHAR NOT NULL,
    consumer VARCHAR,
    company_id VARCHAR,
    company_key VARCHAR,
    layer VARCHAR NOT NULL,
    provider VARCHAR,
    source VARCHAR NOT NULL,
    purchase_id VARCHAR NOT NULL,
    paid_by VARCHAR,
    paid_by_consumer VARCHAR,
    saved_usd DECIMAL(18, 6) NOT NULL
);
COMMENT ON TABLE spend.cache_reads IS 'One row each time a request used what another purchase had paid for';
COMMENT ON COLUMN spend.cache_reads.read_id IS 'Number of the read';
COMMENT ON COLUMN spend.cache_reads.read_at IS 'Time of the read, UTC';
COMMENT ON COLUMN spend.cache_reads.request_id IS 'The request that reads';
COMMENT ON COLUMN spend.cache_reads.consumer IS 'The consumer that benefits';
COMMENT ON COLUMN spend.cache_reads.company_id IS 'The company; never changes';
COMMENT ON COLUMN spend.cache_reads.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN spend.cache_reads.layer IS 'What was read: reply, analysis or profile';
COMMENT ON COLUMN spend.cache_reads.provider IS 'The vendor that was not asked again';
COMMENT ON COLUMN spend.cache_reads.source IS 'The source that was not asked again; an analysis as analysis:name';
COMMENT ON COLUMN spend.cache_reads.purchase_id IS 'The purchase that had paid';
COMMENT ON COLUMN spend.cache_reads.paid_by IS 'The request that had paid';
COMMENT ON COLUMN spend.cache_reads.paid_by_consumer IS 'The consumer that had paid';
COMMENT ON COLUMN spend.cache_reads.saved_usd IS 'The expected cost of buying it again';

CREATE VIEW spend.daily AS
WITH moves AS (
    SELECT
        CAST(reserved_at AS DATE) AS day, provider, source, consumer,
        1 AS purchases, calls, cost_usd AS spent_usd,
        CASE WHEN state IN ('reserved', 'sent', 'uncertain') THEN reserved_usd ELSE 0 END AS held_usd,
        0 AS cache_reads, 0 AS saved_usd
    FROM spend.purchases
    UNION ALL
    SELECT CAST(read_at AS DATE), provider, source, consumer, 0, 0, 0, 0, 1, saved_usd
    FROM spend.cache_reads
)
SELECT
    day, provider, source, consumer,
    CAST(sum(purchases) AS BIGINT) AS purchases,
    CAST(sum(calls) AS BIGINT) AS calls,
    CAST(sum(spent_usd) AS DECIMAL(18, 6)) AS spent_usd,
    CAST(sum(held_usd) AS DECIMAL(18, 6)) AS held_usd,
    CAST(sum(cache_reads) AS BIGINT) AS cache_reads,
    CAST(sum(saved_usd) AS DECIMAL(18, 6)) AS saved_usd
FROM moves
GROUP BY ALL;
COMMENT ON VIEW spend.daily IS 'What was spent and saved, by day, provider, source and consumer';
COMMENT ON COLUMN spend.daily.day IS 'UTC day on which the money was reserved, or the cache was read';
COMMENT ON COLUMN spend.daily.provider IS 'The vendor';
COMMENT ON COLUMN spend.daily.source IS 'The source; an analysis as analysis:name';
COMMENT ON COLUMN spend.daily.consumer IS 'The consumer that pays, or that reads';
COMMENT ON COLUMN spend.daily.purchases IS 'Number of purchases, failed ones included';
COMMENT ON COLUMN spend.daily.calls IS 'Number of HTTP requests';
COMMENT ON COLUMN spend.daily.spent_usd IS 'What settled purchases cost';
COMMENT ON COLUMN spend.daily.held_usd IS 'Reserved for purchases under way or uncertain';
COMMENT ON COLUMN spend.daily.cache_reads IS 'Number of cache reads instead of a purchase';
COMMENT ON COLUMN spend.daily.saved_usd IS 'What the cache reads saved';

CREATE VIEW spend.savings AS
SELECT
    paid_by_consumer, consumer AS benefits_consumer, source, layer,
    count(*) AS cache_reads,
    count(DISTINCT company_id) AS companies,
    CAST(sum(saved_usd) AS DECIMAL(18, 6)) AS saved_usd
FROM spend.cache_reads
GROUP BY ALL;
COMMENT ON VIEW spend.savings IS 'Which consumer paid, which one benefits, and how much; each read is in spend.cache_reads';
COMMENT ON COLUMN spend.savings.paid_by_consumer IS 'The consumer that had paid';
COMMENT ON COLUMN spend.savings.benefits_consumer IS 'The consumer that used it without paying';
COMMENT ON COLUMN spend.savings.source IS 'The source; an analysis as analysis:name';
COMMENT ON COLUMN spend.savings.layer IS 'What was read: reply, analysis or profile';
COMMENT ON COLUMN spend.savings.cache_reads IS 'Number of cache reads';
COMMENT ON COLUMN spend.savings.companies IS 'Number of companies';
COMMENT ON COLUMN spend.savings.saved_usd IS 'The expected cost of buying it again';
