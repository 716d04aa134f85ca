-- How the sources performed: match and fill rates, quality, seconds per call, cost, age of their replies; how often what
-- they state changes.

CREATE SCHEMA IF NOT EXISTS sources;

CREATE VIEW sources.performance AS
WITH asked AS (
    SELECT
        provider, source,
        count(*) AS asked,
        count(*) FILTER (outcome IN ('found', 'answered')) AS found,
        count(*) FILTER (outcome = 'nothing') AS knew_nothing,
        quantile_cont(latency_seconds, 0.5) AS latency_p50_seconds,
        quantile_cont(latency_seconds, 0.95) AS latency_p95_seconds,
        sum(cost_usd) AS cost_usd
    FROM spend.purchases
    WHERE sent_at IS NOT NULL OR outcome IS NOT NULL -- a first look that is free is not marked as sent
    GROUP BY provider, source
), counted AS (
    SELECT source, dataset, count(*) AS facts, count(DISTINCT purchase_id) AS filled, avg(quality) AS mean_quality
    FROM build.facts
    GROUP BY source, dataset
), total AS (
    SELECT source, sum(facts) AS facts FROM counted GROUP BY source
)
SELECT
    asked.provider, asked.source, counted.dataset, asked.asked,
    asked.asked - asked.found - asked.knew_nothing AS failed,
    asked.found / nullif(asked.found + asked.knew_nothing, 0) AS match_rate,
    counted.filled / nullif(asked.found, 0) AS fill_rate,
    coalesce(counted.facts, 0) AS facts,
    counted.mean_quality, asked.latency_p50_seconds, asked.latency_p95_seconds,
    CAST(asked.cost_usd AS DECIMAL(18, 6)) AS cost_usd,
    CAST(asked.cost_usd AS DOUBLE) / nullif(total.facts, 0) AS cost_per_fact_usd
FROM asked LEFT JOIN counted ON counted.source = asked.source LEFT JOIN total ON total.source = asked.source;
COMMENT ON VIEW sources.performance IS 'One row per source (or analysis) and dataset: results, time and cost of its calls';
COMMENT ON COLUMN sources.performance.provider IS 'The vendor';
COMMENT ON COLUMN sources.performance.source IS 'The source; an analysis as analysis:name';
COMMENT ON COLUMN sources.performance.dataset IS 'The dataset; null: it never gave a fact';
COMMENT ON COLUMN sources.performance.asked IS 'How often it was asked, free first looks included, with any outcome';
COMMENT ON COLUMN sources.performance.failed IS 'Those of them without a usable answer';
COMMENT ON COLUMN sources.performance.match_rate IS 'Share of the usable answers that knew the company';
COMMENT ON COLUMN sources.performance.fill_rate IS 'Share of the answers that knew the company that had the dataset';
COMMENT ON COLUMN sources.performance.facts IS 'Number of facts of this dataset it gave';
COMMENT ON COLUMN sources.performance.mean_quality IS 'Their mean quality, 0 to 1';
COMMENT ON COLUMN sources.performance.latency_p50_seconds IS 'Half of its calls took at most this long';
COMMENT ON COLUMN sources.performance.latency_p95_seconds IS '95 of 100 calls took at most this long';
COMMENT ON COLUMN sources.performance.cost_usd IS 'What all its calls cost; a call serves all its datasets, so this repeats on each row of a source';
COMMENT ON COLUMN sources.performance.cost_per_fact_usd IS 'cost_usd divided by all facts of all its datasets';

CREATE VIEW build.first_known AS
SELECT company_id,
    min(collected_at) FILTER (dataset = 'industry') AS industry,
    min(collected_at) FILTER (dataset IN ('company_size_band', 'employee_count')) AS size,
    min(collected_at) FILTER (dataset = 'headquarters') AS headquarters
FROM build.facts WHERE dataset IN ('industry', 'company_size_band', 'employee_count', 'headquarters') GROUP BY company_id;
COMMENT ON VIEW build.first_known IS 'Since when something is known of a company that makes it one of a kind';
COMMENT ON COLUMN build.first_known.company_id IS 'The company';
COMMENT ON COLUMN build.first_known.industry IS 'When its industry was first known, UTC';
COMMENT ON COLUMN build.first_known.size IS 'When its size was first known, UTC';
COMMENT ON COLUMN build.first_known.headquarters IS 'When its headquarters were first known, UTC';

CREATE VIEW sources.answers AS
WITH given AS (
    SELECT purchase_id, list(DISTINCT dataset ORDER BY dataset) AS datasets, avg(quality) AS mean_quality
    FROM build.facts GROUP BY purchase_id
), first_asked AS (
    SELECT company_id, source, min(reserved_at) AS "at" FROM spend.purchases
    WHERE outcome IN ('found', 'nothing') GROUP BY ALL
)
SELECT
    p.purchase_id, p.request_id, p.company_id, p.company_key, p.consumer, p.strategy, p.provider, p.source, p.variant,
    p.closed_at AS "at", p.outcome = 'found' AS found, coalesce(g.datasets, []) AS datasets, g.mean_quality,
    p.latency_seconds, p.cost_usd,
    -- What was known before it was first asked: a kind known only where the source answered would praise that source.
    CASE WHEN k.industry < f."at" THEN c.industry_group END AS industry_group,
    CASE WHEN k.size < f."at" THEN c.size_band END AS size_band,
    CASE WHEN k.headquarters < f."at" THEN c.country END AS country,
    p.rules_hash
FROM spend.purchases AS p
LEFT JOIN given AS g USING (purchase_id)
LEFT JOIN marts.companies AS c USING (company_id)
LEFT JOIN build.first_known AS k USING (company_id)
LEFT JOIN first_asked AS f ON f.company_id = p.company_id AND f.source = p.source
WHERE p.outcome IN ('found', 'nothing');
COMMENT ON VIEW sources.answers IS 'One row per usable answer of a source: what it brought, how good, how fast, at what price, for which kind of company; rates are learned from it';
COMMENT ON COLUMN sources.answers.purchase_id IS 'The purchase';
COMMENT ON COLUMN sources.answers.request_id IS 'The request that paid for it';
COMMENT ON COLUMN sources.answers.company_id IS 'The company asked about; never changes';
COMMENT ON COLUMN sources.answers.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN sources.answers.consumer IS 'The consumer of that request';
COMMENT ON COLUMN sources.answers.strategy IS 'How its plan was made: enhanced, priority or legacy';
COMMENT ON COLUMN sources.answers.provider IS 'The vendor';
COMMENT ON COLUMN sources.answers.source IS 'The source that was asked';
COMMENT ON COLUMN sources.answers.variant IS 'The form of the question';
COMMENT ON COLUMN sources.answers."at" IS 'When the answer was there, UTC';
COMMENT ON COLUMN sources.answers.found IS 'Whether it knew the company';
COMMENT ON COLUMN sources.answers.datasets IS 'What facts were read from it';
COMMENT ON COLUMN sources.answers.mean_quality IS 'Their mean quality, 0 to 1; null: none was read';
COMMENT ON COLUMN sources.answers.latency_seconds IS 'Seconds from sending to the whole answer';
COMMENT ON COLUMN sources.answers.cost_usd IS 'What it cost';
COMMENT ON COLUMN sources.answers.industry_group IS 'The main group of the company''s industry, as in marts.companies; null: not known before it was first asked about the company';
COMMENT ON COLUMN sources.answers.size_band IS 'Its size, as in marts.companies; null: not known before it was first asked about the company';
COMMENT ON COLUMN sources.answers.country IS 'Country of its headquarters, ISO 3166-1 alpha-2; null: not known before it was first asked about the company';
COMMENT ON COLUMN sources.answers.rules_hash IS 'The rules it was planned under';

CREATE VIEW sources.decisions AS
WITH asked AS (
    SELECT *, unnest(CASE WHEN len(chosen) = 0 THEN [NULL] ELSE chosen END) AS source FROM build.decisions
), latest AS (
    -- Asked once more in one request, because caps had left too little before: what came is of the last decision.
    SELECT *, row_number() OVER (PARTITION BY request_id, source ORDER BY decision_id DESC) = 1 AS is_last FROM asked
), bought AS (
    SELECT * FROM spend.purchases
    QUALIFY row_number() OVER (PARTITION BY request_id, source ORDER BY state = 'settled' DESC, purchase_id) = 1
), given AS (
    SELECT purchase_id, list(DISTINCT dataset ORDER BY dataset) AS datasets, avg(quality) AS mean_quality
    FROM build.facts GROUP BY purchase_id
)
SELECT
    d.decision_id, d.request_id, r.company_id, r.company_key, r.consumer, r.strategy, d."at", d.open_datasets, d.missed,
    d.alternatives, d.chosen, d.chance, d.source, coalesce(p.purchase_id, c.purchase_id) AS purchase_id,
    coalesce(p.state, CASE WHEN c.purchase_id IS NOT NULL THEN 'read' END) AS state, p.outcome,
    coalesce(g.datasets, []) AS datasets, g.mean_quality, p.latency_seconds,
    coalesce(p.cost_usd, CAST(0 AS DECIMAL(18, 6))) AS cost_usd, d.industry_group, d.size_band, d.country, r.rules_hash
FROM latest AS d
LEFT JOIN spend.requests AS r USING (request_id)
LEFT JOIN bought AS p ON d.is_last AND p.request_id = d.request_id AND p.source = d.source
LEFT JOIN (
    SELECT request_id, source, any_value(purchase_id) AS purchase_id FROM spend.cache_reads
    WHERE layer = 'reply' GROUP BY ALL
) AS c ON d.is_last AND p.purchase_id IS NULL AND c.request_id = d.request_id AND c.source = d.source
LEFT JOIN given AS g ON g.purchase_id = coalesce(p.purchase_id, c.purchase_id);
COMMENT ON VIEW sources.decisions IS 'What each decision of a policy was worth: a row for each source that it asked, and one where it stopped';
COMMENT ON COLUMN sources.decisions.decision_id IS 'The decision; sources asked together have the same';
COMMENT ON COLUMN sources.decisions.request_id IS 'The request it was made in';
COMMENT ON COLUMN sources.decisions.company_id IS 'The company asked about; never changes';
COMMENT ON COLUMN sources.decisions.company_key IS 'The company by name: its domain, or name:... while none is known';
COMMENT ON COLUMN sources.decisions.consumer IS 'The consumer of that request';
COMMENT ON COLUMN sources.decisions.strategy IS 'How its plan was made: enhanced, priority or legacy';
COMMENT ON COLUMN sources.decisions."at" IS 'When it was made, UTC';
COMMENT ON COLUMN sources.decisions.open_datasets IS 'Datasets of its part of the plan that were not satisfied then';
COMMENT ON COLUMN sources.decisions.missed IS 'Sources that had answered that they do not know the company';
COMMENT ON COLUMN sources.decisions.alternatives IS 'Sources that it could ask; it could also stop, unless a required dataset could still be satisfied';
COMMENT ON COLUMN sources.decisions.chosen IS 'Sources that it asked together; none: it stopped';
COMMENT ON COLUMN sources.decisions.chance IS 'The probability with which it was made; 1 where nothing is random';
COMMENT ON COLUMN sources.decisions.source IS 'The source that was asked; null: it stopped';
COMMENT ON COLUMN sources.decisions.purchase_id IS 'The purchase that brought the answer; null: nothing was reserved';
COMMENT ON COLUMN sources.decisions.state IS 'As in spend.purchases; read: another request had just paid for it; null: nothing was reserved';
COMMENT ON COLUMN sources.decisions.outcome IS 'found, nothing or failed; null while open or not billed';
COMMENT ON COLUMN sources.decisions.datasets IS 'What facts were read from the answer';
COMMENT ON COLUMN sources.decisions.mean_quality IS 'Their mean quality, 0 to 1; null: none was read';
COMMENT ON COLUMN sources.decisions.latency_seconds IS 'Seconds from sending to the whole answer';
COMMENT ON COLUMN sources.decisions.cost_usd IS 'What it cost this request';
COMMENT ON COLUMN sources.decisions.industry_group IS 'The main group of the company''s industry, as it was known then; null: not known';
COMMENT ON COLUMN sources.decisions.size_band IS 'The company''s size, as it was known then; null: not known';
COMMENT ON COLUMN sources.decisions.country IS 'The company''s country, ISO 3166-1 alpha-2, as it was known then; null: not known';
COMMENT ON COLUMN sources.decisions.rules_hash IS 'The rules it was planned under';

CREATE VIEW sources.freshness AS
WITH clock AS (
    -- Questions asked through the program bring their own clock; an analyst's connection has none.
    SELECT coalesce(CAST(getvariable('present') AS TIMESTAMP), make_timestamp(epoch_us(now()))) AS utc
), newest AS (
    SELECT source, company_id, max(collected_at) AS collected_at, max_by(expires_at, collected_at) AS expires_at
    FROM layers.replies
    GROUP BY source, company_id
)
SELECT
    source,
    count(*) AS companies,
    count(*) FILTER (expires_at > utc) AS holding,
    count(*) FILTER (expires_at <= utc) AS expired,
    min(collected_at) AS oldest_at,
    max(collected_at) AS newest_at,
    min(expires_at) FILTER (expires_at > utc) AS next_expiry_at,
    avg(epoch(utc - collected_at)) / 86400 AS mean_age_days
FROM newest, clock
GROUP BY source;
COMMENT ON VIEW sources.freshness IS 'One row per source: the age of its newest replies at the time of the query';
COMMENT ON COLUMN sources.freshness.source IS 'The source';
COMMENT ON COLUMN sources.freshness.companies IS 'Companies with a reply of this source; only the newest reply counts';
COMMENT ON COLUMN sources.freshness.holding IS 'Companies for which that reply is still valid';
COMMENT ON COLUMN sources.freshness.expired IS 'Companies for which it is not';
COMMENT ON COLUMN sources.freshness.oldest_at IS 'Time of the oldest of these replies, UTC';
COMMENT ON COLUMN sources.freshness.newest_at IS 'Time of the newest of them, UTC';
COMMENT ON COLUMN sources.freshness.next_expiry_at IS 'When the next valid one expires, UTC';
COMMENT ON COLUMN sources.freshness.mean_age_days IS 'Their mean age, in days';

-- Written anew at each build that changes anything: enrichment.refresh.learned_rates decides it.
CREATE TABLE sources.change_rates (
    dataset VARCHAR NOT NULL,
    industry VARCHAR,
    size_band VARCHAR,
    looks BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    days_between_changes DOUBLE,
    shape DOUBLE
);
COMMENT ON TABLE sources.change_rates IS 'One row per dataset and group of companies: how often its value changes, as purchases show it; config/refresh.yaml may pin another rate';
COMMENT ON COLUMN sources.change_rates.dataset IS 'The dataset';
COMMENT ON COLUMN sources.change_rates.industry IS 'Group of industries of these companies; null: of any';
COMMENT ON COLUMN sources.change_rates.size_band IS 'Size band of these companies; null: of any';
COMMENT ON COLUMN sources.change_rates.looks IS 'How often a source answered again about a company, with the dataset in both replies';
COMMENT ON COLUMN sources.change_rates.changes IS 'Those of them in which the value had changed; another spelling is no change';
COMMENT ON COLUMN sources.change_rates.days_between_changes IS 'Mean time between two changes; null: below 50 looks, the wider group counts';
COMMENT ON COLUMN sources.change_rates.shape IS 'Shape of the gamma distribution of rates: the higher, the more alike companies are; null: below 50 looks';

CREATE VIEW sources.rejections AS
WITH rejected AS (
    SELECT unnest(sources) AS source, dataset, company_id FROM marts.verdicts WHERE withdrawn_at IS NULL AND wrong IS NOT NULL
), given AS (
    SELECT source, dataset, count(DISTINCT company_id) AS companies FROM build.facts GROUP BY ALL
)
SELECT
    r.source, r.dataset, count(*) AS rejected, count(DISTINCT r.company_id) AS companies_rejected,
    coalesce(any_value(g.companies), 0) AS companies_answered,
    count(DISTINCT r.company_id) / nullif(any_value(g.companies), 0) AS share_rejected
FROM rejected AS r LEFT JOIN given AS g USING (source, dataset)
GROUP BY r.source, r.dataset;
COMMENT ON VIEW sources.rejections IS 'One row per source and dataset: how often people found its values wrong';
COMMENT ON COLUMN sources.rejections.source IS 'The source or analysis that gave the values';
COMMENT ON COLUMN sources.rejections.dataset IS 'The dataset they are values of';
COMMENT ON COLUMN sources.rejections.rejected IS 'Verdicts that reject a value it gave, withdrawn ones left out';
COMMENT ON COLUMN sources.rejections.companies_rejected IS 'Companies of these verdicts';
COMMENT ON COLUMN sources.rejections.companies_answered IS 'Companies of which it gave this dataset';
COMMENT ON COLUMN sources.rejections.share_rejected IS 'companies_rejected divided by companies_answered; people look at what seems wrong, so it is no error rate';

CREATE VIEW sources.reliability AS
WITH shown AS (
    SELECT
        p.created_at, p.profile_id, p.rules_hash, d."key" AS dataset,
        unnest(list_concat(json_extract(d."value", '$.values[*]'), json_extract(d."value", '$.others[*]'))) AS fact
    FROM layers.profiles AS p, json_each(p.document, '$.datasets') AS d
    WHERE contains(p.document, '"checked"')
), newest AS (
    SELECT
        fact->>'source' AS source, dataset,
        arg_max(CAST(fact->>'$.checked.right' AS BIGINT), (created_at, profile_id)) AS "right",
        arg_max(CAST(fact->>'$.checked.of' AS BIGINT), (created_at, profile_id)) AS checked,
        arg_max(rules_hash, (created_at, profile_id)) AS rules_hash, max(created_at) AS served_at, count(*) AS facts
    FROM shown WHERE (fact->'checked') IS NOT NULL GROUP BY ALL
)
SELECT
    source, dataset, "right", checked, "right" / checked AS share,
    -- Wilson's interval of 90 %: 2.7055 is the square of 1.6449.
    ("right" + 2.7055 / 2 - sqrt(2.7055 * ("right" * (checked - "right") / checked + 2.7055 / 4))) / (checked + 2.7055) AS low,
    ("right" + 2.7055 / 2 + sqrt(2.7055 * ("right" * (checked - "right") / checked + 2.7055 / 4))) / (checked + 2.7055) AS high,
    facts, served_at, rules_hash
FROM newest WHERE checked > 0;
COMMENT ON VIEW sources.reliability IS 'One row per source and dataset whose learned reliability counts: right in how many of how many answers that could be checked, as the newest profile with a value of it says';
COMMENT ON COLUMN sources.reliability.source IS 'The source';
COMMENT ON COLUMN sources.reliability.dataset IS 'The dataset its values are of';
COMMENT ON COLUMN sources.reliability."right" IS 'Answers that were right, as others, people and later answers have it';
COMMENT ON COLUMN sources.reliability.checked IS 'Answers that could be checked';
COMMENT ON COLUMN sources.reliability.share IS 'right divided by checked';
COMMENT ON COLUMN sources.reliability.low IS 'Low end of the 90 % interval of share';
COMMENT ON COLUMN sources.reliability.high IS 'High end of it';
COMMENT ON COLUMN sources.reliability.facts IS 'Values of it that profiles show with such a figure';
COMMENT ON COLUMN sources.reliability.served_at IS 'When the newest of these profiles was made, UTC';
COMMENT ON COLUMN sources.reliability.rules_hash IS 'The rules of that profile, config/reliability.yaml among them';
