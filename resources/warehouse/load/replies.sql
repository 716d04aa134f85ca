DELETE FROM layers.replies WHERE reply_id IN (SELECT reply_id FROM arriving);
INSERT INTO layers.replies BY NAME
SELECT
    reply_id, company_id, c.key AS company_key, source, variant, found, collected_at, expires_at,
    usd(cost_micro_usd) AS cost_usd, purchase_id, request_id, payload
FROM arriving AS a LEFT JOIN build.companies AS c USING (company_id);
-- A newer reader replaces the facts of a reply: all facts of these replies arrive again.
DELETE FROM build.facts WHERE reply_id IN (SELECT reply_id FROM arriving);
