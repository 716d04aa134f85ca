-- Errors in what payers paid and beneficiaries saved, a row each: (what, why). Empty: all of it reconciles.
-- A request is booked too little as long as a purchase of it is settled later: when it was resumed by another request
-- (which then reads it), by hand, by the vendor's account, or by its age.
WITH of_no_request AS (
    SELECT purchase_id AS what, 'is settled, and booked to no request we know' AS why
    FROM spend.purchases AS p WHERE state = 'settled' AND request_id NOT IN (SELECT request_id FROM spend.requests)
), of_nobody AS (
    SELECT purchase_id, 'is settled, and names no consumer or no strategy' FROM spend.purchases
    WHERE state = 'settled' AND (trim(consumer) = '' OR trim(strategy) = '')
), of_another AS (
    SELECT purchase_id, 'names another consumer or strategy than its request: ' || r.consumer || ', ' || r.strategy
    FROM spend.purchases AS p JOIN spend.requests AS r USING (request_id)
    WHERE p.state = 'settled' AND (p.consumer, p.strategy) IS DISTINCT FROM (r.consumer, r.strategy)
), of_no_purchase AS (
    SELECT 'read ' || read_id, 'used ' || purchase_id || ', which is no purchase we know' FROM spend.cache_reads
    WHERE purchase_id NOT IN (SELECT purchase_id FROM spend.purchases)
), of_no_reader AS (
    SELECT 'read ' || read_id, 'is booked to ' || request_id || ', which is no request we know' FROM spend.cache_reads
    WHERE request_id NOT IN (SELECT request_id FROM spend.requests)
), of_itself AS (
    SELECT 'read ' || read_id, 'saves a request what it paid itself: ' || c.purchase_id
    FROM spend.cache_reads AS c JOIN spend.purchases AS p USING (purchase_id) WHERE c.request_id = p.request_id
), paid AS (
    SELECT request_id, sum(cost_usd) AS usd FROM spend.purchases WHERE state = 'settled' GROUP BY request_id
), saved AS (
    SELECT request_id, sum(saved_usd) AS usd FROM spend.cache_reads GROUP BY request_id
), unlike_its_purchases AS (
    SELECT r.request_id, 'cost ' || r.cost_usd || ' USD, its purchases ' || coalesce(p.usd, 0)
    FROM spend.requests AS r LEFT JOIN paid AS p USING (request_id) WHERE r.cost_usd <> coalesce(p.usd, 0)
), booked_too_much AS (
    SELECT request_id, 'was booked ' || booked_usd || ' USD, its purchases cost ' || cost_usd
    FROM spend.requests WHERE booked_usd > cost_usd
), booked_too_little AS (
    SELECT request_id, 'was booked ' || booked_usd || ' USD, its purchases cost ' || cost_usd || ', none of them later'
    FROM spend.requests AS r
    WHERE finished_at IS NOT NULL AND booked_usd < cost_usd AND NOT EXISTS (
        FROM spend.purchases AS p
        WHERE p.request_id = r.request_id AND p.cost_usd > 0 AND (
            p.closed_at >= r.finished_at
            OR coalesce(p.outcome, '') NOT IN ('found', 'nothing', 'answered', 'failed')
            OR p.purchase_id IN (SELECT purchase_id FROM spend.cache_reads)
        )
    )
), unlike_its_reads AS (
    SELECT r.request_id, 'saved ' || r.saved_usd || ' USD, its reads ' || coalesce(s.usd, 0)
    FROM spend.requests AS r LEFT JOIN saved AS s USING (request_id) WHERE r.saved_usd <> coalesce(s.usd, 0)
), payers AS (
    SELECT coalesce(sum(cost_usd), 0) AS usd FROM spend.purchases WHERE state = 'settled'
), requests AS (
    SELECT coalesce(sum(cost_usd), 0) AS cost, coalesce(sum(saved_usd), 0) AS saved FROM spend.requests
), beneficiaries AS (
    SELECT coalesce(sum(saved_usd), 0) AS usd FROM spend.savings
), in_sum AS (
    SELECT 'all requests', 'cost ' || cost || ' USD, and first payers paid ' || payers.usd
    FROM requests, payers WHERE cost <> payers.usd
    UNION ALL
    SELECT 'all requests', 'saved ' || saved || ' USD, and beneficiaries were saved ' || beneficiaries.usd
    FROM requests, beneficiaries WHERE saved <> beneficiaries.usd
)
FROM of_no_request UNION ALL FROM of_nobody UNION ALL FROM of_another UNION ALL FROM of_no_purchase
UNION ALL FROM of_no_reader UNION ALL FROM of_itself UNION ALL FROM unlike_its_purchases
UNION ALL FROM booked_too_much UNION ALL FROM booked_too_little UNION ALL FROM unlike_its_reads UNION ALL FROM in_sum
ORDER BY ALL
