DELETE FROM spend.requests WHERE request_id IN (SELECT request_id FROM changed_rows);
INSERT INTO spend.requests BY NAME
SELECT
    request_id, company_id, c.key AS company_key, consumer, audience, strategy, asked_by, asked_at, finished_at,
    state, served_from, profile_id, error, rules_hash, plan,
    coalesce((SELECT sum(p.cost_usd) FROM spend.purchases AS p WHERE p.request_id = a.request_id), 0) AS cost_usd,
    usd(cost_micro_usd) AS booked_usd,
    usd(saved_micro_usd) AS saved_usd,
    usd(CAST(plan->>'expected_micro_usd' AS BIGINT)) AS expected_usd,
    usd(CAST(plan->>'upper_bound_micro_usd' AS BIGINT)) AS upper_bound_usd,
    usd(CAST(plan->>'legacy_micro_usd' AS BIGINT)) AS legacy_usd
FROM changed_rows AS a LEFT JOIN build.companies AS c USING (company_id);
INSERT INTO affected
SELECT company_id FROM layers.profiles WHERE request_id IN (SELECT request_id FROM changed_rows);
