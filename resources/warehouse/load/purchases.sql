DELETE FROM spend.purchases WHERE purchase_id IN (SELECT purchase_id FROM changed_rows);
INSERT INTO spend.purchases BY NAME
SELECT
    purchase_id, request_id, company_id, c.key AS company_key, consumer, strategy, provider, source, variant,
    state, outcome, reason, calls, latency_seconds, reserved_at, sent_at, closed_at, rules_hash,
    from_json(units, '"MAP(VARCHAR, BIGINT)"') AS units,
    from_json(usd_per_unit, '"MAP(VARCHAR, DECIMAL(24, 12))"') AS usd_per_unit,
    usd(cost_micro_usd) AS cost_usd,
    usd(reserved_micro_usd) AS reserved_usd
FROM changed_rows AS a LEFT JOIN build.companies AS c USING (company_id);
-- A purchase may be settled after its request was finished, so the cost of the request is computed again.
UPDATE spend.requests AS r SET cost_usd = paid.usd
FROM (
    SELECT request_id, sum(cost_usd) AS usd FROM spend.purchases
    WHERE request_id IN (SELECT request_id FROM changed_rows) GROUP BY request_id
) AS paid
WHERE r.request_id = paid.request_id AND r.cost_usd <> paid.usd;
INSERT INTO affected
SELECT company_id FROM marts.company_profiles WHERE request_id IN (SELECT request_id FROM changed_rows);
