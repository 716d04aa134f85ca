DELETE FROM spend.cache_reads WHERE read_id IN (SELECT read_id FROM changed_rows);
INSERT INTO spend.cache_reads BY NAME
SELECT
    a.read_id, a."at" AS read_at, a.request_id, r.consumer, r.company_id, r.company_key, a.layer, p.provider, a.source,
    a.purchase_id, p.request_id AS paid_by, p.consumer AS paid_by_consumer, usd(a.saved_micro_usd) AS saved_usd
FROM changed_rows AS a
LEFT JOIN spend.requests AS r ON r.request_id = a.request_id
LEFT JOIN spend.purchases AS p ON p.purchase_id = a.purchase_id;
