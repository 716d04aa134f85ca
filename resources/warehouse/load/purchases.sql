DELETE FROM spend.purchases WHERE purchase_id IN (SELECT purchase_id FROM arriving);
INSERT INTO spend.purchases BY NAME
SELECT
    purchase_id, request_id, company_id, c.key AS company_key, consumer, strategy, provider, source, variant,
    state, outcome, reason, calls, latency_seconds, reserved_at, sent_at, closed_at, rules_hash,
    from_json(units, '"MAP(VARCHAR, BIGINT)"') AS units,
    from_json(usd_per_unit, '"MAP(VARCHAR, DECIMAL(24, 12))"') AS usd_per_unit,
    usd(cost_micro_usd) AS cost_usd,
    usd(reserved_micro_usd) AS reserved_usd
FROM arriving AS a LEFT JOIN build.companies AS c USING (company_id);
