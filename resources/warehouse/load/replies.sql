DELETE FROM layers.replies WHERE reply_id IN (SELECT reply_id FROM changed_rows);
INSERT INTO layers.replies BY NAME
SELECT
    reply_id, company_id, c.key AS company_key, source, variant, topic, found, collected_at, expires_at,
    usd(cost_micro_usd) AS cost_usd, purchase_id, request_id, reader_version, payload
FROM changed_rows AS a LEFT JOIN build.companies AS c USING (company_id);
-- A newer reader replaces the facts of a reply, so all facts of these replies are loaded again.
DELETE FROM build.facts WHERE reply_id IN (SELECT reply_id FROM changed_rows);
INSERT INTO affected SELECT company_id FROM changed_rows;
